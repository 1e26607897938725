#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "trainer/commands/commands.h"
#include "trainer/machine.h"
#include "trainer/memory_plan.h"
#include "trainer/metrics/console.h"
#include "trainer/metrics/run_log.h"
#include "trainer/stop_on_signal.h"
#include "trainer/training_loop.h"

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

void RefuseWhatDoesNotFitOnDisk(const MemoryPlan& plan, const std::filesystem::path& run) {
  const auto free_bytes = static_cast<int64_t>(std::filesystem::space(run).available);
  if (free_bytes >= plan.disk_bytes) return;
  throw std::invalid_argument(fmt::format(
      "run directory {} has {} MiB free, and the run may need {} MiB for checkpoints, logs and "
      "metrics; free some, raise checkpoint.every_env_steps, or choose another run.directory",
      run.string(), free_bytes >> 20, plan.disk_bytes >> 20));
}

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string Ending(const TrainingLoop& loop, const RunDirectory& directory, double seconds) {
  const Dqn& dqn = loop.dqn();
  const std::string run = directory.path().string();
  std::string text = fmt::format("{} env_steps and {} updates in {:.0f} s", dqn.env_steps(),
                                 dqn.updates(), seconds);
  if (dqn.episodes().episodes() > 0) {
    text += fmt::format("; mean return of the last episodes {:.2f}", dqn.episodes().mean_return());
  }
  if (const auto& best = loop.best_evaluation()) {
    text +=
        fmt::format("; best evaluation {:.2f} at env_step {}", best->mean_return, best->env_steps);
  }
  return text +
         fmt::format(
             "\n  play it again:  dqnd evaluate {}\n  curves:         tensorboard --logdir {}\n"
             "  numbers:        {}/progress.csv, {}/evaluations.csv",
             run, directory.path().parent_path().string(), run, run);
}

}  // namespace

int TrainCommand(const TrainArguments& arguments) {
  StopOnSignal stop;
  Config config = LoadConfig(arguments.config, arguments.overrides);
  config.train.threads = ResolveThreads(config);
  at::set_num_threads(static_cast<int>(*config.train.threads));
  const MemoryPlan plan = PlanMemory(config, FindMemoryLimit());
  RefuseWhatDoesNotFitInMemory(plan);

  RunDirectory directory(RealFileSystem(), config, arguments.on_existing);
  if (directory.complete()) {
    fmt::print(
        "dqnd: {} is complete: it reached {} env_steps before. Raise train.total_env_steps or "
        "begin anew with --on-existing=new\n",
        directory.path().string(), config.train.total_env_steps);
    return kExitNo;
  }
  RefuseWhatDoesNotFitOnDisk(plan, directory.path());

  FileDescriptorConsole console(STDOUT_FILENO);
  ConsoleTable table(console, {.total_env_steps = config.train.total_env_steps});
  const std::shared_ptr<spdlog::logger> run_log = MakeRunLog(directory.path(), table);
  spdlog::logger& log = *run_log;
  Metrics metrics({.console = config.metrics.console ? &table : nullptr,
                   .csv = config.metrics.csv,
                   .tensorboard = config.metrics.tensorboard,
                   .prometheus = config.metrics.prometheus},
                  RealFileSystem(), directory.path(), UnixSeconds());
  if (const auto port = metrics.prometheus_port()) {
    log.info("Prometheus may read port {}, /metrics", *port);
  }
  for (const std::string& warning : ConfigWarnings(config)) log.warn(warning);
  if (directory.moved_aside())
    log.info("the run that was here lies in {} now", directory.moved_aside()->string());
  TrainingLoop loop(config, {directory, metrics, log});
  log.info("{}, n_envs {}, {} parameters, threads {}; replay memory for {} transitions",
           config.environment.id, config.environment.n_envs,
           loop.dqn().learner().parameters().count(), *config.train.threads,
           config.replay.buffer_size);

  const auto started = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  };
  try {
    const TrainingLoop::Ending ending = loop.Run(stop.token());
    table.Finish();
    if (ending == TrainingLoop::Ending::kComplete) {
      log.info("complete: {}", Ending(loop, directory, seconds()));
      return kExitNo;
    }
    log.info("stopped by a signal: {}", Ending(loop, directory, seconds()));
    return kExitAgain;
  } catch (const NonFiniteError& error) {
    const auto last_good = directory.LatestCheckpoint();
    throw std::runtime_error(
        fmt::format("training diverged at {}. Nothing of it was saved; the last good checkpoint is "
                    "{}. A smaller "
                    "optimizer.learning_rate or train.max_grad_norm may help",
                    error.what(), last_good ? last_good->string() : "none"));
  }
}

}  // namespace dqnd
