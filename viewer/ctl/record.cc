#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <vector>

#include "viewer/client/connection.h"
#include "viewer/client/handshake.h"
#include "viewer/client/play_client.h"
#include "viewer/client/recording.h"
#include "viewer/ctl/commands.h"
#include "viewer/ctl/game_clock.h"
#include "viewer/ctl/number_text.h"
#include "viewer/ctl/reach.h"
#include "viewer/ctl/recording_target.h"

namespace dqnd {
namespace {

using Phase = ConnectionStatus::Phase;

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

v1::RecordingHeader HeaderFor(const v1::GetRunResponse& run) {
  v1::RecordingHeader header;
  header.set_contract_revision(kContractRevision);
  header.set_run_name(run.description().name());
  *header.mutable_environment() = run.description().environment();
  header.set_source(v1::RECORDING_SOURCE_EXHIBITION);
  header.set_unix_seconds(UnixSeconds());
  // Of the newest published parameters, less what was learned in the second since.
  header.set_env_steps(run.state().env_steps());
  return header;
}

struct RecordedGame {
  double episode_return = 0;
  int64_t env_steps = 0;
};

struct Summary {
  std::vector<RecordedGame> games;  // that ended
  int64_t moments = 0;
  int64_t time_microseconds = 0;  // of the newest moment, in the game's time
};

// The moments of exhibition games on their way to a target, and what they were.
//
// Accept belongs to the client's thread, as its MomentSink, everything else to the command's.
class Tape {
 public:
  Tape(const v1::EnvironmentSpec& environment, RecordingTarget& target)
      : clock_(environment), target_(target) {}

  // Throws nothing: a failure is kept, and what comes after it is passed over.
  void Accept(const v1::Moment& moment, const PictureDecoder& pictures) {
    const std::lock_guard lock(mutex_);
    if (failure_ != nullptr) return;
    try {
      summary_.time_microseconds = clock_.TimeOf(moment);
      target_.Write(summary_.time_microseconds, moment, pictures);
      ++summary_.moments;
      if (!moment.step().game_over()) return;
      summary_.games.push_back({moment.step().return_so_far(), moment.step().episode_env_step()});
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  // How far it is. Rethrows what failed.
  Summary summary() const {
    const std::lock_guard lock(mutex_);
    if (failure_ != nullptr) std::rethrow_exception(failure_);
    return summary_;
  }

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  GameClock clock_;
  RecordingTarget& target_;
  Summary summary_;
  std::exception_ptr failure_;
};

// A line for each game that ended since the last call.
void PrintGames(const Summary& summary, size_t& printed) {
  for (; printed < summary.games.size(); ++printed) {
    const RecordedGame& game = summary.games[printed];
    fmt::print("game {}: return {} after {} env_steps\n", printed + 1,
               ShortNumber(game.episode_return), Grouped(game.env_steps));
    std::fflush(stdout);
  }
}

// The last word: what is in which file.
void PrintResult(const Session& session, const Summary& summary, const RecordArguments& arguments) {
  const double seconds = static_cast<double>(summary.time_microseconds) / 1e6 / arguments.speed;
  if (session.json) {
    nlohmann::ordered_json games = nlohmann::ordered_json::array();
    for (const RecordedGame& game : summary.games) {
      games.push_back({{"return", game.episode_return}, {"env_steps", game.env_steps}});
    }
    const nlohmann::ordered_json json = {{"file", arguments.out},
                                         {"moments", summary.moments},
                                         {"seconds", seconds},
                                         {"games", games}};
    fmt::print("{}\n", json.dump());
  } else if (summary.moments == 0) {
    fmt::print("nothing was recorded\n");
  } else {
    fmt::print("{}: {} moments, {} of play\n", arguments.out, Grouped(summary.moments),
               DurationText(seconds));
  }
}

// Until all games are played, a person has enough, or the daemon is gone: then why.
std::optional<ConnectionError> Play(const Session& session, const Address& address,
                                    const RecordArguments& arguments, Tape& tape) {
  v1::Start start;
  start.set_every_frame(true);  // and no speed: as fast as they are written
  start.set_games(arguments.episodes);
  PlayClient client(
      ReachOnce(address), start, [&session] { session.bell.Ring(); },
      [&tape](const v1::Moment& moment, const PictureDecoder& pictures) {
        tape.Accept(moment, pictures);
      });
  size_t printed = 0;
  while (!session.signals.stop().stop_requested()) {
    const Summary summary = tape.summary();
    if (!session.json) PrintGames(summary, printed);
    for (const ConnectionStatus& status : client.TakeNews().statuses) {
      if (status.error.has_value()) return status.error;
      if (status.phase != Phase::kEnded) continue;
      if (!session.json) PrintGames(tape.summary(), printed);
      return std::nullopt;
    }
    session.bell.Wait();
  }
  return std::nullopt;
}

}  // namespace

void RecordCommand(const Session& session, const Address& address,
                   const RecordArguments& arguments) {
  const std::stop_token stop = session.signals.stop();
  const v1::GetRunResponse run = Connection(address, {}, stop).GetRun(stop);
  const std::unique_ptr<RecordingTarget> target = RecordingTarget::Make(
      {.path = arguments.out, .speed = arguments.speed, .overlay = arguments.overlay},
      HeaderFor(run));
  Tape tape(run.description().environment(), *target);
  const std::optional<ConnectionError> lost = Play(session, address, arguments, tape);
  const Summary summary = tape.summary();
  target->Close();
  if (!lost.has_value()) return PrintResult(session, summary, arguments);
  if (summary.moments == 0) throw ConnectionError(*lost);
  throw std::runtime_error(fmt::format("{}; {} holds the {} moments until then", lost->what(),
                                       arguments.out, Grouped(summary.moments)));
}

void ConvertCommand(const Session& session, const std::string& recording,
                    const RecordArguments& arguments) {
  RecordingReader reader(recording);
  if (std::filesystem::path(arguments.out).extension() == ".dqnrec") {
    throw std::invalid_argument(fmt::format(
        "{} is a recording already: give a name that ends in .mp4, .webm or .gif", recording));
  }
  const std::unique_ptr<RecordingTarget> target = RecordingTarget::Make(
      {.path = arguments.out, .speed = arguments.speed, .overlay = arguments.overlay},
      reader.header());
  if (!reader.remark().empty()) {
    fmt::print(stderr, "dqnctl: {}: {}\n", recording, reader.remark());
  }
  Summary summary;
  PictureDecoder pictures;
  const std::stop_token stop = session.signals.stop();
  for (size_t i = 0; i < reader.moments() && !stop.stop_requested(); ++i) {
    const v1::Moment moment = reader.Read(i);
    if (moment.has_picture()) pictures.Decode(moment.picture());
    summary.time_microseconds = reader.time_microseconds(i);
    target->Write(summary.time_microseconds, moment, pictures);
    ++summary.moments;
    if (moment.step().game_over()) {
      summary.games.push_back({moment.step().return_so_far(), moment.step().episode_env_step()});
    }
  }
  target->Close();
  PrintResult(session, summary, arguments);
}

}  // namespace dqnd
