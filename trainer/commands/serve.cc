#include <condition_variable>
#include <filesystem>
#include <mutex>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <nlohmann/json.hpp>

#include "env_bridge/make_environment.h"
#include "trainer/bridge.h"
#include "trainer/checkpoint/checkpoint_store.h"
#include "trainer/commands/commands.h"
#include "trainer/machine.h"
#include "trainer/metrics/metrics.h"
#include "trainer/run_directory.h"
#include "trainer/service_manager.h"
#include "trainer/stop_on_signal.h"

namespace dqnd {
namespace {

namespace fs = std::filesystem;

// The run directory that a network lies in: the folder above checkpoints/ or best/, or its own.
fs::path RunOf(const fs::path& network_file) {
  fs::path folder = fs::absolute(network_file).parent_path();
  if (folder.filename() == "best") return folder.parent_path();
  if (folder.parent_path().filename() == "checkpoints") return folder.parent_path().parent_path();
  return folder;
}

// The first of the highest that the run's curves have.
std::optional<RunState::BestEvaluation> BestOf(const RunFeed& feed) {
  std::optional<RunState::BestEvaluation> best;
  for (const auto& [name, curve] : feed.Curves({"eval/mean_reward"})) {
    for (const Curve::Point& point : curve.points()) {
      if (!best || point.value > best->mean_return) best = {point.env_steps, point.value};
    }
  }
  return best;
}

// Where the run stood: of the checkpoint that the network lies in, or the newest of the run.
RunState StateOf(const fs::path& network_file, const Config& config) {
  RunState state{.phase = RunPhase::kServing, .total_env_steps = config.train.total_env_steps};
  const fs::path run = RunOf(network_file);
  const fs::path folder = fs::absolute(network_file).parent_path();
  const std::vector<std::string> names = CheckpointStore::List(RealFileSystem(), run);
  const bool in_checkpoint = folder.parent_path().filename() == "checkpoints";
  if (names.empty()) return state;
  try {
    const StoredCheckpoint checkpoint(RealFileSystem(), run,
                                      in_checkpoint ? folder.filename().string() : names.front());
    const Manifest& manifest = checkpoint.manifest();
    state.env_steps = manifest.env_steps;
    state.updates = manifest.updates;
    state.elapsed_seconds = manifest.elapsed_seconds;
    state.checkpoint = {manifest.env_steps, static_cast<double>(manifest.saved_unix_seconds)};
  } catch (const DamagedCheckpoint&) {
    // A network can be shown although its checkpoint cannot be resumed.
  }
  return state;
}

}  // namespace

int ServeCommand(const ServeArguments& arguments) {
  StopOnSignal stop;
  const SavedNetwork saved = FindSavedNetwork(RealFileSystem(), arguments.run_or_checkpoint);
  const Config config = ParseConfig(ToYaml(saved.config), "config.yaml", arguments.overrides);
  if (!config.server.listen) {
    throw std::invalid_argument(
        "server.listen is ~ in the run's configuration; add server.listen=127.0.0.1:0");
  }
  const EnvironmentSpec spec = SpecOf(config.environment);
  const QNetwork network = LoadNetwork(RealFileSystem(), saved.file, config, spec);
  const fs::path run = RunOf(saved.file);

  Wakeup news;
  RunFeed feed(news);
  LoadCurves(RealFileSystem(), run, feed);
  spdlog::logger log("dqnd", std::make_shared<spdlog::sinks::stdout_sink_mt>());
  RunState state = StateOf(saved.file, config);
  state.best_evaluation = BestOf(feed);
  Bridge bridge({.config = config,
                 .environment = spec,
                 .n_envs = 0,
                 .max_exhibitions = static_cast<int>(config.server.max_exhibitions),
                 .write_address = !FolderLock::IsHeld(run)},  // the one that trains has its own
                network.parameters(), state.env_steps, feed, news, [&stop] { stop.RequestStop(); });
  bridge.control().SetState(state);
  bridge.control().Close("this run is not trained here, only shown; dqnd train goes on with it");
  bridge.Listen(RealFileSystem(), run, log);
  fmt::print("{} on {}\nwatch and play:  dqnview '{}'\n", saved.file.string(), spec.id,
             bridge.link());
  std::fflush(stdout);

  const ServiceManager service_manager([&bridge] { return bridge.control().state(); });
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait(lock, stop.token(), [] { return false; });
  return kExitNo;
}

}  // namespace dqnd
