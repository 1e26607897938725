#include <fmt/chrono.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "viewer/client/recording.h"
#include "viewer/ctl/commands.h"
#include "viewer/ctl/message_json.h"
#include "viewer/ctl/number_text.h"
#include "viewer/ctl/printable.h"

namespace dqnd {
namespace {

using Json = nlohmann::ordered_json;

struct Contents {
  int64_t pictures = 0;
  int64_t key_pictures = 0;
  int64_t env_steps = 0;
  int width_pixels = 0;  // of the first picture
  int height_pixels = 0;
  std::vector<double> returns;               // of the games that end in it
  std::map<std::string, int64_t> by_person;  // env_steps that a person chose, by action
};

std::string ActionName(const v1::RecordingHeader& header, int action) {
  const auto& names = header.environment().action_names();
  return action >= 0 && action < names.size() ? names[action] : fmt::format("{}", action);
}

Contents Examine(RecordingReader& reader) {
  Contents contents;
  for (size_t i = 0; i < reader.moments(); ++i) {
    const v1::Moment moment = reader.Read(i);
    if (moment.has_picture()) {
      if (contents.pictures++ == 0) {
        contents.width_pixels = moment.picture().width_pixels();
        contents.height_pixels = moment.picture().height_pixels();
      }
      contents.key_pictures += moment.picture().key() ? 1 : 0;
    }
    contents.env_steps += (moment.has_step() ? 1 : 0) + moment.not_shown().env_steps();
    if (moment.step().by_person()) {
      ++contents.by_person[ActionName(reader.header(), moment.step().action())];
    }
    if (moment.step().game_over()) contents.returns.push_back(moment.step().return_so_far());
  }
  return contents;
}

Json Description(const std::string& path, const RecordingReader& reader, const Contents& contents) {
  Json json = {{"file", path},
               {"file_bytes", std::filesystem::file_size(path)},
               {"seconds", static_cast<double>(reader.duration_microseconds()) / 1e6},
               {"moments", reader.moments()},
               {"pictures", contents.pictures},
               {"key_pictures", contents.key_pictures},
               {"width_pixels", contents.width_pixels},
               {"height_pixels", contents.height_pixels},
               {"env_steps", contents.env_steps},
               {"returns", contents.returns},
               {"by_person", contents.by_person},
               {"header", ToJson(reader.header())}};
  if (!reader.remark().empty()) json["remark"] = reader.remark();
  return json;
}

const char* SourceText(v1::RecordingSource source) {
  switch (source) {
    case v1::RECORDING_SOURCE_TRAINING:
      return "training, sampled";
    case v1::RECORDING_SOURCE_EXHIBITION:
      return "an exhibition game";
    case v1::RECORDING_SOURCE_EVALUATION:
      return "episodes of an evaluation";
    default:
      return "something that this program does not know";
  }
}

void Print(const std::string& path, const RecordingReader& reader, const Contents& contents) {
  const v1::RecordingHeader& header = reader.header();
  const auto row = [](const char* name, const std::string& value) {
    fmt::print("  {:<13} {}\n", name, value);
  };
  fmt::print("{}\n", path);
  row("run", Printable(header.run_name()));
  row("environment", Printable(header.environment().id()));
  row("shows", fmt::format("{}, at env_step {} of the run", SourceText(header.source()),
                           Grouped(header.env_steps())));
  row("recorded", fmt::format("{:%Y-%m-%d %H:%M:%S}",
                              fmt::localtime(static_cast<std::time_t>(header.unix_seconds()))));
  row("length",
      fmt::format("{}, {} moments, {} env_steps",
                  DurationText(static_cast<double>(reader.duration_microseconds()) / 1e6),
                  Grouped(static_cast<int64_t>(reader.moments())), Grouped(contents.env_steps)));
  row("pictures",
      fmt::format("{} of {} x {} pixels, {} of them key pictures", Grouped(contents.pictures),
                  contents.width_pixels, contents.height_pixels, Grouped(contents.key_pictures)));
  std::string returns;
  for (const double each : contents.returns) {
    returns += fmt::format("{}{}", returns.empty() ? "" : ", ", ShortNumber(each));
  }
  row("games", contents.returns.empty()
                   ? "none that ended"
                   : fmt::format("{}, returns {}", contents.returns.size(), returns));
  if (!contents.by_person.empty()) {
    std::string actions;
    for (const auto& [name, env_steps] : contents.by_person) {
      actions +=
          fmt::format("{}{} {}", actions.empty() ? "" : ", ", Printable(name), Grouped(env_steps));
    }
    row("by a person", actions);
  }
  row("file", BytesText(static_cast<int64_t>(std::filesystem::file_size(path))));
  if (!reader.remark().empty()) row("remark", reader.remark());
}

}  // namespace

void InfoCommand(const Session& session, const std::string& recording) {
  RecordingReader reader(recording);
  const Contents contents = Examine(reader);
  if (session.json) {
    fmt::print("{}\n", Description(recording, reader, contents).dump());
  } else {
    Print(recording, reader, contents);
  }
}

}  // namespace dqnd
