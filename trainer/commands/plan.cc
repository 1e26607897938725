#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "env_bridge/make_environment.h"
#include "trainer/commands/commands.h"
#include "trainer/machine.h"
#include "trainer/memory_plan.h"

namespace dqnd {

int PlanCommand(const PlanArguments& arguments) {
  Config config = LoadConfig(arguments.config, arguments.overrides);
  config.train.threads = ResolveThreads(config);
  at::set_num_threads(static_cast<int>(*config.train.threads));
  const MemoryLimit limit = FindMemoryLimit();
  const MemoryPlan plan = PlanMemory(config, limit, MeasureOneUpdate(config, limit));
  fmt::print("{} on {}\n{}", config.run.name, config.environment.id, plan.Table());
  for (const std::string& warning : ConfigWarnings(config)) fmt::print("{}\n", warning);
  for (const std::string& warning : MachineWarnings(config)) fmt::print("{}\n", warning);
  if (!SpecOf(config.environment).can_save) {
    fmt::print("{} {}\n", config.environment.id, kGoesOnWithNewEpisodes);
  }
  if (plan.fits()) {
    fmt::print("It fits; the largest replay.buffer_size that would is {}.\n",
               plan.largest_buffer_size);
    return kExitNo;
  }
  fmt::print("It does not fit; the largest replay.buffer_size that would is {}.\n",
             plan.largest_buffer_size);
  return kExitNoWrong;
}

}  // namespace dqnd
