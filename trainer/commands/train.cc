#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "trainer/bridge.h"
#include "trainer/commands/commands.h"
#include "trainer/machine.h"
#include "trainer/memory_plan.h"
#include "trainer/metrics/console.h"
#include "trainer/metrics/run_log.h"
#include "trainer/run_directory.h"
#include "trainer/service_manager.h"
#include "trainer/session.h"
#include "trainer/starting_point.h"
#include "trainer/stop_on_signal.h"

namespace dqnd {
namespace {

void RefuseWhatDoesNotFitInMemory(const MemoryPlan& plan) {
  if (plan.fits()) return;
  throw std::invalid_argument(fmt::format(
      "this run needs more memory than there is:\n{}{}", plan.Table(),
      plan.largest_buffer_size > 0
          ? fmt::format("The largest replay.buffer_size that fits is {}.", plan.largest_buffer_size)
          : std::string("No replay.buffer_size would make it fit.")));
}

int64_t BytesIn(const std::filesystem::path& folder) {
  int64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  }
  return bytes;
}

// What is wrong with the disk for the run there; empty when nothing is.
std::string DiskProblem(const MemoryPlan& plan, const std::filesystem::path& run) {
  const auto free_bytes = static_cast<int64_t>(std::filesystem::space(run).available);
  const int64_t to_come = plan.disk_bytes - BytesIn(run);
  if (free_bytes >= to_come) return "";
  return fmt::format(
      "run directory {} has {} MiB free, and the run may need {} MiB more for checkpoints, logs "
      "and "
      "metrics; free some, keep fewer checkpoints, or choose another run.directory",
      run.string(), free_bytes >> 20, to_come >> 20);
}

std::string Summary(const Session& session, const std::filesystem::path& path) {
  const Dqn& dqn = session.dqn();
  const std::string run = path.string();
  std::string text = fmt::format("{} env_steps and {} updates in {:.0f} s", dqn.env_steps(),
                                 dqn.updates(), session.elapsed_seconds());
  if (dqn.episodes().episodes() > 0) {
    text += fmt::format("; mean return of the last episodes {:.2f}", dqn.episodes().mean_return());
  }
  if (const auto& best = session.state().best) {
    text +=
        fmt::format("; best evaluation {:.2f} at env_step {}", best->mean_return, best->env_steps);
  }
  return text +
         fmt::format(
             "\n  play it again:  dqnd evaluate {}\n  curves:         tensorboard --logdir {}\n"
             "  numbers:        {}/progress.csv, {}/evaluations.csv",
             run, path.parent_path().string(), run, run);
}

// An argument as a shell takes it back.
std::string Quoted(const std::string& argument) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
  if (!argument.empty() && argument.find_first_not_of(kPlain) == std::string::npos) return argument;
  std::string quoted;
  for (const char c : argument) {
    if (c == '\'') quoted += "'\\'";  // ends the quotes, escapes one, begins them again
    quoted += c;
  }
  return fmt::format("'{}'", quoted);
}

// The line that goes on with the run: the same without what belongs to this start alone.
std::string ContinueLine(const TrainArguments& arguments) {
  std::string line =
      fmt::format("{} train {}", Quoted(arguments.program), Quoted(arguments.config));
  for (const std::string& override : arguments.overrides) {
    line += fmt::format(" {}", Quoted(override));
  }
  return line;
}

int MaxExhibitions(const Config& config, const MemoryPlan& plan) {
  return static_cast<int>(std::min(config.server.max_exhibitions, plan.room_for_exhibitions()));
}

const char* WhatStopped(const StopOnSignal& stop, const Bridge& bridge) {
  if (stop.signalled()) return "a signal";
  return bridge.control().stopped() ? "a client" : "run.max_wall_time";
}

void RefuseWhatWouldVanish(const std::filesystem::path& run) {
  if (!InOurImage() || !EndsWithTheContainer(run)) return;
  throw std::invalid_argument(fmt::format(
      "nothing is mounted at {}, so that the run would vanish with this container; mount "
      "a volume there (podman run --volume NAME:{} ...), or say --ephemeral",
      run.parent_path().string(), run.parent_path().string()));
}

// What `auto` means: what it meant when the run began.
int64_t ResolveThreads(Config& config, OnExisting on_existing) {
  if (!config.train.threads && on_existing == OnExisting::kResume) {
    if (const auto stored = StoredConfig(RealFileSystem(), RunPath(config))) {
      config.train.threads = stored->train.threads;
    }
  }
  config.train.threads = ResolveThreads(config);
  return *config.train.threads;
}

}  // namespace

int TrainCommand(const TrainArguments& arguments) {
  const auto started = StopOnSignal::Clock::now();
  StopOnSignal stop;
  Config config = LoadConfig(arguments.config, arguments.overrides);
  if (!arguments.ephemeral) RefuseWhatWouldVanish(std::filesystem::absolute(RunPath(config)));
  const int64_t threads = ResolveThreads(config, arguments.on_existing);
  at::set_num_threads(static_cast<int>(threads));
  if (const auto& wall_time = config.run.max_wall_time) {
    stop.StopAt(started + *wall_time -
                std::min(*wall_time / 2, std::chrono::seconds(config.run.stop_grace_seconds)));
  }
  const bool goes_on = arguments.on_existing != OnExisting::kNew &&
                       !CheckpointStore::List(RealFileSystem(), RunPath(config)).empty();
  if (!goes_on) CheckStartingPoint(RealFileSystem(), config);
  const MemoryLimit limit = FindMemoryLimit();
  const MemoryPlan plan = PlanMemory(config, limit, MeasureOneUpdate(config, limit));
  RefuseWhatDoesNotFitInMemory(plan);

  const RunDirectory directory(
      RealFileSystem(), config,
      {.on_existing = arguments.on_existing, .allow_changes = arguments.allow_changes});
  if (IsComplete(RealFileSystem(), directory.path(), config)) {
    // Not to be ready would be a failure, and this is none.
    const ServiceManager service_manager([] { return RunState{.phase = RunPhase::kStopping}; });
    fmt::print(
        "dqnd: {} is complete: it reached {} env_steps before. Raise train.total_env_steps or "
        "begin anew with --on-existing=new\n",
        directory.path().string(), config.train.total_env_steps);
    return kExitNo;
  }
  const std::string disk_problem = DiskProblem(plan, directory.path());
  const bool resumes = !CheckpointStore::List(RealFileSystem(), directory.path()).empty();
  // A run that goes on had better go on than not: a full disk stops no training.
  if (!disk_problem.empty() && !resumes) throw std::invalid_argument(disk_problem);

  FileDescriptorConsole console(STDOUT_FILENO);
  ConsoleTable table(console, config.train.total_env_steps);
  Wakeup news;
  RunFeed feed(news);
  const std::shared_ptr<spdlog::logger> run_log =
      MakeRunLog(directory.path(), table, {.feed = &feed});
  spdlog::logger& log = *run_log;
  for (const std::string& warning : ConfigWarnings(config)) log.warn(warning);
  for (const std::string& warning : MachineWarnings(config)) log.warn(warning);
  if (!disk_problem.empty()) log.warn(disk_problem);
  if (!directory.locked()) {
    log.warn("the file system of {} has no locks: see to it that no second dqnd works there",
             directory.path().string());
  }
  if (const auto& aside = directory.moved_aside()) {
    log.info("the run that was here lies in {} now", aside->string());
  }
  std::unique_ptr<Bridge> bridge;  // outlives the session, and is made of what is in it
  Session session({.config = config, .run = directory.path(), .console = &table, .feed = &feed},
                  RealFileSystem(), log);
  bridge =
      std::make_unique<Bridge>(Bridge::Options{.config = config,
                                               .environment = session.dqn().environment(),
                                               .n_envs = config.environment.n_envs,
                                               .max_exhibitions = MaxExhibitions(config, plan)},
                               session.dqn().learner().parameters(), session.dqn().env_steps(),
                               feed, news, [&stop] { stop.RequestStop(); });
  session.Connect(*bridge);
  bridge->Listen(RealFileSystem(), directory.path(), log);
  // Not to the log: it may hold a token.
  if (const std::string link = bridge->link(); !link.empty()) {
    table.PrintLine(fmt::format("watch and control it:  dqnview '{}'", link));
  }
  if (const auto port = session.metrics().prometheus_port()) {
    log.info("Prometheus may read port {}, /metrics", *port);
  }
  log.info("{}, n_envs {}, {} parameters, threads {}; replay memory for {} transitions",
           config.environment.id, config.environment.n_envs,
           session.dqn().learner().parameters().count(), threads, config.replay.buffer_size);
  if (!session.dqn().environment().can_save) {
    log.info("{} {}", config.environment.id, kGoesOnWithNewEpisodes);
  }
  const ServiceManager service_manager([&bridge] { return bridge->control().state(); });
  try {
    const TrainingLoop::Ending ending = session.Run(stop.token());
    table.Finish();
    if (ending == TrainingLoop::Ending::kComplete) {
      log.info("complete: {}", Summary(session, directory.path()));
      return kExitNo;
    }
    log.info("stopped by {}: {}\n  go on:          {}", WhatStopped(stop, *bridge),
             Summary(session, directory.path()), ContinueLine(arguments));
    if (ending == TrainingLoop::Ending::kStopped) {
      return bridge->control().stopped() ? kExitNo : kExitAgain;
    }
    // The writer may hang in a disk that does not answer; nobody waits for it any more.
    log.flush();
    std::_Exit(kExitAgain);
  } catch (const c10::Error& error) {
    if (config.train.device == Device::kCpu) throw;
    // A GPU that has failed fails again when it is to free what it holds: this process ends here.
    log.error("{}\n  go on from the last checkpoint:  {}", error.what_without_backtrace(),
              ContinueLine(arguments));
    log.flush();
    try {
      session.WaitForWriter();
    } catch (const std::exception& writers) {
      log.error("{}", writers.what());
      log.flush();
    }
    std::_Exit(kExitMayHelp);
  } catch (const NonFiniteError& error) {
    session.WaitForWriter();
    const std::vector<std::string> checkpoints =
        CheckpointStore::List(RealFileSystem(), directory.path());
    throw std::runtime_error(
        fmt::format("training diverged at {}. Nothing of it was saved; the last good checkpoint is "
                    "{}. A smaller "
                    "optimizer.learning_rate or train.max_grad_norm may help",
                    error.what(), checkpoints.empty() ? "none" : checkpoints.front()));
  }
}

}  // namespace dqnd
