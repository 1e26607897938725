#include <fmt/format.h>

#include "trainer/commands/commands.h"
#include "trainer/machine.h"
#include "trainer/memory_plan.h"

namespace dqnd {

int PlanCommand(const PlanArguments& arguments) {
  const Config config = LoadConfig(arguments.config, arguments.overrides);
  const MemoryPlan plan = PlanMemory(config, FindMemoryLimit());
  fmt::print("{} on {}\n{}", config.run.name, config.environment.id, plan.Table());
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
