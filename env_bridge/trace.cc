#include "env_bridge/trace.h"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <xxhash.h>

namespace dqnd {
namespace {

std::string ObservationHash(const Environment& environment, std::vector<uint8_t>& buffer) {
  environment.Observe(buffer);
  return fmt::format("{:016x}", XXH3_64bits(buffer.data(), buffer.size()));
}

std::string PictureHash(const Environment& environment) {
  Image image;
  environment.Render(image);
  std::vector<uint8_t> colours;
  if (image.palette.empty()) {
    colours = std::move(image.pixels);
  } else {
    for (const uint8_t pixel : image.pixels) {
      const auto colour = image.palette.begin() + ptrdiff_t{3} * pixel;
      colours.insert(colours.end(), colour, colour + 3);
    }
  }
  return fmt::format("{:016x}", XXH3_64bits(colours.data(), colours.size()));
}

std::string Details(const Environment& environment) {
  const std::string details = environment.TraceDetails();
  return details.empty() ? "" : ", \"details\": " + details;
}

int ParseAction(const std::string& line, int64_t line_number, int num_actions) {
  size_t parsed = 0;
  int action = -1;
  try {
    action = std::stoi(line, &parsed);
  } catch (const std::exception&) {
    parsed = 0;
  }
  if (parsed == 0 || line.find_first_not_of(" \t\r", parsed) != std::string::npos || action < 0 ||
      action >= num_actions) {
    throw std::invalid_argument(
        fmt::format("line {} of the actions is \"{}\"; an action is one integer from 0 to {}",
                    line_number, line, num_actions - 1));
  }
  return action;
}

}  // namespace

void Trace(Environment& environment, const TraceOptions& options, std::istream& actions,
           std::ostream& out) {
  std::vector<uint8_t> observation(environment.spec().observation.bytes());
  const auto seen = [&] {
    std::string text =
        fmt::format("\"observation_xxh3\": \"{}\"", ObservationHash(environment, observation));
    if (options.pictures)
      text += fmt::format(", \"picture_xxh3\": \"{}\"", PictureHash(environment));
    return text + Details(environment);
  };
  const auto reset = [&](std::optional<uint64_t> seed) {
    environment.Reset(seed);
    if (options.resets) out << fmt::format("{{\"reset\": true, {}}}\n", seen());
  };
  reset(options.seed);

  std::string line;
  for (int64_t line_number = 1; std::getline(actions, line); ++line_number) {
    const int action = ParseAction(line, line_number, environment.spec().num_actions());
    const StepResult result = environment.Step(action);
    out << fmt::format("{{\"reward\": {}, \"terminated\": {}, \"truncated\": {}, {}}}\n",
                       result.reward, result.terminated, result.truncated, seen());
    if (result.done()) reset(std::nullopt);
  }
}

}  // namespace dqnd
