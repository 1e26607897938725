#include "env_bridge/trace.h"

#include <fstream>
#include <iostream>
#include <stdexcept>

#include "env_bridge/make_environment.h"
#include "trainer/commands/commands.h"

namespace dqnd {

int TraceCommand(const TraceArguments& arguments) {
  const Config config = LoadConfig(arguments.config, arguments.overrides);
  const std::unique_ptr<Environment> environment = MakeEnvironment(config.environment);
  const TraceOptions options{
      .seed = arguments.seed, .resets = arguments.resets, .pictures = arguments.pictures};
  if (arguments.actions == "-") {
    Trace(*environment, options, std::cin, std::cout);
  } else {
    std::ifstream file(arguments.actions);
    if (!file) throw std::invalid_argument("cannot read the actions in " + arguments.actions);
    Trace(*environment, options, file, std::cout);
  }
  std::cout.flush();
  return std::cout ? kExitNo : kExitMayHelp;
}

}  // namespace dqnd
