// dqnd: the program. Reads the command line, hands over to trainer/commands/, and turns what they
// throw into one message and an exit status.

#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <exception>
#include <map>
#include <stdexcept>

#include "trainer/commands/commands.h"
#include "trainer/machine.h"

namespace {

using dqnd::OnExisting;

// A subcommand that takes CONFIG [key=value ...].
CLI::App* AddConfigCommand(CLI::App& app, const std::string& name, const std::string& what,
                           std::string& config, std::vector<std::string>& overrides) {
  CLI::App* command = app.add_subcommand(name, what);
  command->add_option("config", config, "the configuration, a YAML file")
      ->required()
      ->type_name("CONFIG");
  command->add_option("overrides", overrides, "section.key=value, on top of the file")
      ->type_name("KEY=VALUE");
  return command;
}

// The network that a command takes.
void AddRun(CLI::App& command, std::string& run_or_checkpoint) {
  command
      .add_option("run", run_or_checkpoint,
                  "a run directory, checkpoint folder or .safetensors file")
      ->required()
      ->type_name("RUN_OR_CHECKPOINT");
}

int Run(int argc, char** argv) {
  CLI::App app{"dqnd, a deep Q-learning daemon", "dqnd"};
  app.set_version_flag("--version", DQND_VERSION);
  bool help_config = false, config_schema = false;
  app.add_flag("--help-config", help_config,
               "every key of a configuration: meaning, unit, range, default");
  app.add_flag("--config-schema", config_schema, "the JSON schema of a configuration");
  int status = dqnd::kExitNo;

  dqnd::TrainArguments train;
  CLI::App* command =
      AddConfigCommand(app, "train", "train an agent", train.config, train.overrides);
  const std::map<std::string, OnExisting> choices = {
      {"resume", OnExisting::kResume}, {"new", OnExisting::kNew}, {"fail", OnExisting::kFail}};
  command
      ->add_option("--on-existing", train.on_existing,
                   "when the run directory holds a run: resume, new (moves it aside), or fail")
      ->transform(CLI::CheckedTransformer(choices));
  command->add_flag("--allow-changes", train.allow_changes,
                    "go on with a run although keys that decide results were changed");
  command->add_flag("--ephemeral", train.ephemeral,
                    "in a container: begin although no volume is mounted for the run");
  train.program = argv[0];
  command->callback([&] { status = dqnd::TrainCommand(train); });

  dqnd::PlanArguments plan;
  command = AddConfigCommand(app, "plan", "check a configuration and print what the run will need",
                             plan.config, plan.overrides);
  command->callback([&] { status = dqnd::PlanCommand(plan); });

  dqnd::EvaluateArguments evaluate;
  command = app.add_subcommand("evaluate", "play whole episodes with a trained network");
  AddRun(*command, evaluate.run_or_checkpoint);
  command
      ->add_option("overrides", evaluate.overrides,
                   "section.key=value, on top of the run's configuration")
      ->type_name("KEY=VALUE");
  command->add_option("--episodes", evaluate.episodes, "how many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      ->add_option("--eps", evaluate.eps,
                   "probability of a random action; default: the run's evaluation.eps")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--seed", evaluate.seed, "the same seed plays the same episodes")
      ->capture_default_str();
  command
      ->add_option(
          "--actions", evaluate.actions,
          "write the actions, one a line: with the seed that is printed beside them, `dqnd "
          "trace` or another program plays the same games")
      ->type_name("FILE");
  command->add_flag("--json", evaluate.json, "one JSON object");
  command->callback([&] { status = dqnd::EvaluateCommand(evaluate); });

  dqnd::ExportArguments exported;
  command = app.add_subcommand("export", "write a trained network for other programs and devices");
  AddRun(*command, exported.run_or_checkpoint);
  command
      ->add_option("--format", exported.format,
                   "packed: for packed_net.h; c: the same as a C header (both bnn and xnor_net "
                   "alone); onnx (float and binary_connect alone); safetensors: numbers to "
                   "multiply by; examples: states of play with the network's values and actions, "
                   "to check any of the others with, as safetensors")
      ->required()
      ->check(CLI::IsMember({"packed", "c", "onnx", "safetensors", "examples"}));
  command->add_option("--states", exported.states, "how many examples")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--output", exported.output, "the file to write")
      ->required()
      ->type_name("FILE");
  command->callback([&] { status = dqnd::ExportCommand(exported); });

  dqnd::VerifyArguments verify;
  command = app.add_subcommand(
      "verify", "play a network and its packed file side by side and report every difference");
  AddRun(*command, verify.run_or_checkpoint);
  command->add_option("packed", verify.packed, "what `dqnd export --format=packed` wrote")
      ->required()
      ->type_name("PACKED_FILE");
  command->add_option("--states", verify.states, "of play to compare")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  command->add_option("--seed", verify.seed, "the same seed plays the same states")
      ->capture_default_str();
  command->add_flag("--json", verify.json, "one JSON object");
  command->callback([&] { status = dqnd::VerifyCommand(verify); });

  dqnd::InspectArguments inspect;
  command = app.add_subcommand(
      "inspect", "what is in a run's checkpoints, and whether every byte is as it was written");
  command->add_option("run", inspect.run_or_checkpoint, "a run directory or checkpoint folder")
      ->required()
      ->type_name("RUN_OR_CHECKPOINT");
  command->add_flag("--digest", inspect.digest,
                    "hash the newest one's parameters and remembered transitions, in order");
  command->add_flag("--json", inspect.json, "one JSON list, the newest checkpoint first");
  command->callback([&] { status = dqnd::InspectCommand(inspect); });

  dqnd::ServeArguments serve;
  command = app.add_subcommand("serve", "offer exhibition games of a finished or stopped run");
  AddRun(*command, serve.run_or_checkpoint);
  command
      ->add_option("overrides", serve.overrides,
                   "section.key=value, on top of the run's configuration")
      ->type_name("KEY=VALUE");
  command->callback([&] { status = dqnd::ServeCommand(serve); });

  dqnd::CertArguments cert;
  command = app.add_subcommand("cert", "make a new TLS certificate for a run's server");
  command->add_option("run", cert.run, "the run directory")->required()->type_name("RUN_DIRECTORY");
  command->add_option("--days", cert.days, "for which it is valid")
      ->check(CLI::Range(1, 36'500))
      ->capture_default_str();
  command->callback([&] { status = dqnd::CertCommand(cert); });

  dqnd::HealthArguments health;
  command = app.add_subcommand("health", "whether a run's daemon answers; for probes");
  command
      ->add_option(
          "run", health.run,
          "the run directory; default: those in ./runs that are in use, of which one must be well")
      ->type_name("RUN_DIRECTORY");
  command->add_option("--timeout", health.timeout_seconds, "seconds to wait for its answer")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->callback([&] { status = dqnd::HealthCommand(health); });

  dqnd::TraceArguments trace;
  command = AddConfigCommand(app, "trace",
                             "step one environment with given actions and print what it does",
                             trace.config, trace.overrides);
  command->add_option("--seed", trace.seed, "of the environment")->capture_default_str();
  command->add_option("--actions", trace.actions, "one integer a line; - for standard input")
      ->required()
      ->type_name("FILE");
  command->add_flag("--resets", trace.resets, "print a line for each reset, too");
  command->add_flag("--pictures", trace.pictures, "print the XXH3-64 of each picture for people");
  command->callback([&] { status = dqnd::TraceCommand(trace); });

  dqnd::EnvsArguments envs;
  command = app.add_subcommand("envs", "list the environments, or describe one");
  command->add_option("id", envs.id, "such as minatar:breakout")->type_name("ID");
  command->add_flag("--json", envs.json, "as JSON");
  command->callback([&] { status = dqnd::EnvsCommand(envs); });

  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return dqnd::kExitNoWrong;
  }
  if (help_config) {
    fmt::print("{}", dqnd::ConfigHelp());
  } else if (config_schema) {
    fmt::print("{}", dqnd::ConfigSchema());
  } else if (app.get_subcommands().empty()) {
    fmt::print("{}", app.help());
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  dqnd::KeepFreedMemory();
  try {
    return Run(argc, argv);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "dqnd: {}\n", error.what());
    return dqnd::kExitNoWrong;
  } catch (const dqnd::RunDirectoryLocked& error) {
    fmt::print(stderr, "dqnd: {}\n", error.what());
    return dqnd::kExitAgain;
  } catch (const c10::Error& error) {  // LibTorch's, a GPU's among them
    fmt::print(stderr, "dqnd: {}\n", error.what_without_backtrace());
    return dqnd::kExitMayHelp;
  } catch (const std::exception& error) {
    fmt::print(stderr, "dqnd: {}\n", error.what());
    return dqnd::kExitMayHelp;
  }
}
