#include "trainer/starting_point.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "env_bridge/make_environment.h"
#include "trainer/run_directory.h"
#include "trainer/saved_teacher.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;

// What decides what a network's numbers mean. The other keys of the section say how it learns.
bool IsOfTheNetwork(const std::string& difference) {
  constexpr std::array kKeys = {"architecture",
                                "backend",
                                "hidden_sizes",
                                "width",
                                "first_layer",
                                "last_layer",
                                "shift_based_normalisation"};
  return std::ranges::any_of(kKeys, [&](const char* key) {
    return difference.starts_with(fmt::format("network.{}:", key));
  });
}

// Nothing where no config.yaml says with what the network was trained.
std::vector<std::string> DifferencesOfNetworks(FileSystem& files, const fs::path& file,
                                               const Config& config) {
  const std::optional<Config> there = ConfigAbove(files, file);
  if (!there) return {};
  std::vector<std::string> differences = DifferingResultKeys(config, *there);
  std::erase_if(differences, [](const std::string& each) { return !IsOfTheNetwork(each); });
  return differences;
}

void CheckInitFrom(FileSystem& files, const Config& config, const EnvironmentSpec& spec) {
  const fs::path file = FindNetworkFile(files, *config.train.init_from);
  const std::vector<std::string> differences = DifferencesOfNetworks(files, file, config);
  if (!differences.empty()) {
    throw std::invalid_argument(fmt::format(
        "{} is another network than this run's: {}; set these as they are there, or learn from it "
        "with train.teacher",
        file.string(), fmt::join(differences, "; ")));
  }
  LoadNetwork(files, file, config, spec);
}

// What a file holds that does not fit is, here, something to change in the configuration.
void As(const char* key, const auto& check) {
  try {
    check();
  } catch (const std::exception& error) {
    const std::string what = error.what();
    throw std::invalid_argument(what.starts_with(key) ? what : fmt::format("{}: {}", key, what));
  }
}

}  // namespace

void CheckStartingPoint(FileSystem& files, const Config& config) {
  if (!config.train.init_from && !config.train.teacher) return;
  const EnvironmentSpec spec = SpecOf(config.environment);
  if (config.train.init_from) {
    As("train.init_from", [&] { CheckInitFrom(files, config, spec); });
  }
  if (config.train.teacher) {
    As("train.teacher", [&] {
      LoadTeacher(files, FindTeacher(files, RunPath(config), *config.train.teacher), spec);
    });
  }
}

}  // namespace dqnd
