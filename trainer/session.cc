#include "trainer/session.h"

#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "trainer/machine.h"
#include "trainer/run_directory.h"
#include "trainer/saved_teacher.h"

namespace dqnd {
namespace {

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// What differs between two machines and may change this run's bits, a part of a sentence each.
std::vector<std::string> Differences(const Config& config, const MachineRecord& there) {
  const MachineRecord here = ThisMachine(config);
  std::vector<std::string> differences;
  const auto compare = [&](const char* what, const auto& ours, const auto& theirs) {
    if (ours != theirs)
      differences.push_back(fmt::format("{} {} here, {} there", what, ours, theirs));
  };
  compare("processor", here.processor, there.processor);
  // A teacher may be a network that LibTorch computes.
  if (!LearnsDirectly(config) || config.train.teacher) {
    compare("train.threads", here.threads, there.threads);
  }
  compare("LibTorch", here.libtorch, there.libtorch);
  compare("precision", here.precision, there.precision);
  return differences;
}

}  // namespace

Session::Session(const SessionOptions& options, FileSystem& files, spdlog::logger& log)
    : options_(options),
      files_(files),
      log_(log),
      store_(files, options.run,
             {.keep_last = options.config.checkpoint.keep_last,
              .keep_every = options.config.checkpoint.keep_every}),
      dqn_(options.config) {
  const Config& config = options_.config;
  if (config.train.teacher) LearnFromTeacher(*config.train.teacher);
  Restore();
  const bool resumed = history_.env_steps > 0;
  if (resumed && options_.console != nullptr) {
    options_.console->GoOnFrom(history_.env_steps, history_.elapsed_seconds);
  }
  metrics_ = std::make_unique<Metrics>(
      MetricsOptions{
          .console = config.metrics.console ? options_.console : nullptr,
          .feed = options_.feed,
          .csv = config.metrics.csv,
          .tensorboard = config.metrics.tensorboard,
          .prometheus = config.metrics.prometheus,
          .resumed_at_env_step = resumed ? std::optional(history_.env_steps) : std::nullopt,
          .earlier = history_.metrics},
      files_, options_.run, UnixSeconds());
  writer_ = std::make_unique<CheckpointWriter>(store_);
  loop_ = std::make_unique<TrainingLoop>(
      config, dqn_, state_,
      TrainingLoop::Surroundings{files_, options_.run, *writer_, *metrics_, log_}, history_);
}

void Session::Connect(Bridge& bridge) {
  dqn_.ShowTo(bridge.hub());
  loop_->Connect(bridge.control(), bridge.network());
}

void Session::Restore() {
  store_.RemoveUnfinished();
  const std::optional<StoredCheckpoint> checkpoint = store_.RestoreNewest(
      [this](const StoredCheckpoint& candidate) {
        RestoreCheckpoint(candidate, dqn_, state_);
        candidate.Read(kConfigFile);
      },
      [this](const std::string& message) { log_.warn("{}", message); });
  if (checkpoint) {
    Resume(*checkpoint);
  } else {
    BeginAnew();
  }
  history_.program_version = DQND_VERSION;
  history_.machine = ThisMachine(options_.config);
  for (const std::string& problem : CutMetricsBack(files_, options_.run, history_.metrics)) {
    log_.warn("{}: a part of the curves is lost, nothing of what was learned is", problem);
  }
  if (options_.feed != nullptr) LoadCurves(files_, options_.run, *options_.feed);
}

void Session::LearnFromTeacher(const std::string& teacher) {
  const SavedNetwork found = FindTeacher(files_, options_.run, teacher);
  dqn_.LearnFrom(LoadTeacher(files_, found, dqn_.environment()));
  KeepTeacher(files_, options_.run, teacher, found);
}

void Session::Resume(const StoredCheckpoint& checkpoint) {
  history_ = checkpoint.manifest();
  log_.info("resumed from checkpoint {} at env_step {}", checkpoint.name(), history_.env_steps);
  const std::vector<std::string> differences = Differences(options_.config, history_.machine);
  if (!differences.empty()) {
    log_.warn("from here on bits may differ from those of a run that went on where it was: {}",
              fmt::join(differences, "; "));
  }
  const Config there =
      ParseConfig(checkpoint.Read(kConfigFile), (checkpoint.path() / kConfigFile).string());
  for (const std::string& change : DifferingResultKeys(options_.config, there)) {
    log_.warn("changed from env_step {} on: {}", history_.env_steps, change);
    history_.changes.push_back({history_.env_steps, change});
  }
}

void Session::BeginAnew() {
  const auto& init_from = options_.config.train.init_from;
  if (!init_from) return;
  const std::filesystem::path file = FindNetworkFile(files_, *init_from);
  dqn_.InitializeFrom(files_.Read(file), file.string());
  log_.info("the network begins with the weights of {}", file.string());
}

bool IsComplete(FileSystem& files, const std::filesystem::path& run, const Config& config) {
  const std::vector<std::string> names = CheckpointStore::List(files, run);
  if (names.empty()) return false;
  try {
    const StoredCheckpoint newest(files, run, names.front());
    const Manifest& manifest = newest.manifest();
    for (const FileRecord& file : manifest.files) newest.Read(file.name);
    return manifest.complete && manifest.env_steps >= config.train.total_env_steps;
  } catch (const DamagedCheckpoint&) {
    return false;  // restoring will say what is wrong
  }
}

}  // namespace dqnd
