#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "env_bridge/make_environment.h"
#include "trainer/acting/actor.h"
#include "trainer/commands/commands.h"
#include "trainer/evaluation.h"
#include "trainer/machine.h"
#include "trainer/stop_on_signal.h"

namespace dqnd {
namespace {

void WriteActions(const std::string& path, const std::vector<int>& actions) {
  WriteFileAtomically(RealFileSystem(), path, fmt::format("{}\n", fmt::join(actions, "\n")));
}

void Tell(const std::string& remark) {
  fmt::print(stderr, "dqnd: {}\n", remark);
}

}  // namespace

int EvaluateCommand(const EvaluateArguments& arguments) {
  StopOnSignal stop;
  const SavedNetwork saved = FindSavedNetwork(RealFileSystem(), arguments.run_or_checkpoint);
  const Config config = ParseConfig(ToYaml(saved.config), "config.yaml", arguments.overrides);
  at::set_num_threads(static_cast<int>(ResolveThreads(config)));
  const EnvironmentSpec spec = SpecOf(config.environment);
  const QNetwork network = LoadNetwork(RealFileSystem(), saved.file, config, spec);

  const std::unique_ptr<Actor> actor = MakeActor(network, config.network, spec.observation);
  const double eps = arguments.eps.value_or(config.evaluation.eps);
  const std::optional<EvaluationResult> result = Evaluate(*actor, config.environment,
                                                          {.episodes = arguments.episodes,
                                                           .eps = eps,
                                                           .seed = arguments.seed,
                                                           .stream = "dqnd evaluate"},
                                                          stop.token(), {.remark = Tell});
  if (!result) return kExitAgain;
  if (!arguments.actions.empty()) WriteActions(arguments.actions, result->actions);

  if (arguments.json) {
    const nlohmann::ordered_json json = {{"network", saved.file.string()},
                                         {"environment", spec.id},
                                         {"episodes", arguments.episodes},
                                         {"eps", eps},
                                         {"environment_seed", result->environment_seed},
                                         {"mean_reward", result->mean_return()},
                                         {"std_reward", result->return_deviation()},
                                         {"confidence95", result->confidence95()},
                                         {"mean_ep_length", result->mean_length()},
                                         {"returns", result->returns},
                                         {"lengths", result->lengths}};
    fmt::print("{}\n", json.dump());
  } else {
    fmt::print(
        "{} on {}: mean return {:.2f} +- {:.2f} (95 % confidence), deviation {:.2f}, mean length "
        "{:.0f} env_steps, {} episodes, eps {}\n",
        saved.file.string(), spec.id, result->mean_return(), result->confidence95(),
        result->return_deviation(), result->mean_length(), arguments.episodes, eps);
    if (!arguments.actions.empty()) {
      fmt::print("{} has the actions; the environment's seed was {}\n", arguments.actions,
                 result->environment_seed);
    }
  }
  return kExitNo;
}

}  // namespace dqnd
