// dqnctl: the program. Reads the command line, finds the daemon that is meant, hands over to the
// commands, and turns what they throw into one message and an exit status.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <stdexcept>

#include "viewer/ctl/choose_run.h"
#include "viewer/ctl/commands.h"

namespace {

using dqnd::Address;
using dqnd::Session;

constexpr const char* kFooter =
    "Without --run and --address: the run directory in DQND_RUN, otherwise the only run in ./runs\n"
    "whose daemon answers. Exit status: 0 done, 1 the daemon refused or is gone, 2 wrong command "
    "line.";

std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What the command line asks for, once it is read: a command that runs, or none.
struct CommandLine {
  dqnd::NamedRun named;
  bool json = false;
  std::function<void(const Session&)> command;
};

class Parser {
 public:
  Parser() : app_("dqnctl, control of a running dqnd from the terminal", "dqnctl") {
    app_.set_version_flag("--version", DQND_VERSION);
    app_.footer(kFooter);
    app_.fallthrough();  // options of all commands may stand behind the command's name
    app_.require_subcommand(1);
    CLI::Option* run = app_.add_option("--run", line_.named.run_directory, "a run directory");
    run->type_name("DIR");
    app_.add_option("--address", line_.named.address, "HOST:PORT, unix:PATH or a dqnd:// link")
        ->type_name("ADDRESS")
        ->excludes(run);
    app_.add_option("--token", line_.named.token,
                    "instead of the run's own; other users of this machine can see it, so better "
                    "set the environment variable DQND_TOKEN")
        ->type_name("TOKEN");
    app_.add_flag("--json", line_.json, "one JSON document, or one a line");
    AddStatus();
    AddControl();
    AddWatch();
    AddRecord();
    AddInfo();
  }

  // Throws CLI::Error.
  CommandLine Parse(int argc, char** argv) {
    app_.parse(argc, argv);
    line_.named.default_run = EnvironmentVariable("DQND_RUN");
    if (line_.named.token.empty()) line_.named.token = EnvironmentVariable("DQND_TOKEN");
    return line_;
  }

  int Exit(const CLI::Error& error) const {
    const bool good = app_.exit(error) == 0;  // --help, --version
    return good ? dqnd::kExitDone : dqnd::kExitWrong;
  }

 private:
  // The command `name` is `run` with the daemon that is meant.
  template <typename Run>
  CLI::App* Add(const char* name, const char* what, Run run) {
    CLI::App* command = app_.add_subcommand(name, what);
    command->callback([this, run] {
      line_.command = [this, run](const Session& session) { run(session, Find()); };
    });
    return command;
  }

  Address Find() const { return ChooseRun(line_.named, "runs", dqnd::AskOverTheWire); }

  void AddStatus() {
    CLI::App* command = Add("status", "where the run stands; on a terminal live, until Ctrl-C",
                            [this](const Session& session, const Address& address) {
                              dqnd::StatusCommand(session, address, once_);
                            });
    command->add_flag("--once", once_, "print one table and be done");
  }

  void AddControl() {
    Add("pause", "stop before the next cycle; nothing that is learned changes by it",
        dqnd::PauseCommand);
    Add("resume", "go on", dqnd::ResumeCommand);
    CLI::App* command = Add("step", "play a few cycles of a paused run",
                            [this](const Session& session, const Address& address) {
                              dqnd::StepCommand(session, address, cycles_);
                            });
    command->add_option("cycles", cycles_, "each acts once in every environment")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    Add("checkpoint", "write a checkpoint now", dqnd::CheckpointCommand);
    Add("stop", "end the run with a checkpoint", dqnd::StopCommand);
  }

  void AddWatch() {
    CLI::App* command = Add("watch", "draw a game in the terminal, until Ctrl-C",
                            [this](const Session& session, const Address& address) {
                              dqnd::WatchCommand(session, address, watch_);
                            });
    CLI::Option* exhibition = command->add_flag("--exhibition", watch_.exhibition,
                                                "a game of its own, in real time (the default)");
    command->add_flag("--training", watch_.training, "an environment as it trains")
        ->excludes(exhibition);
    command->add_option("--env", watch_.environment, "which environment, from 0; as it trains")
        ->type_name("K")
        ->check(CLI::NonNegativeNumber)
        ->excludes(exhibition);
    command->add_option("--rate", watch_.rate_hz, "pictures a second, at most")
        ->type_name("HZ")
        ->check(CLI::Range(0.1, 240.0))
        ->capture_default_str();
  }

  void AddRecord() {
    CLI::App* command = app_.add_subcommand(
        "record", "play exhibition games into a file; Ctrl-C keeps what it has");
    command
        ->add_option("out", record_.out,
                     ".dqnrec for a recording; .mp4, .webm or .gif for a video, by the program "
                     "ffmpeg")
        ->type_name("OUT")
        ->required();
    CLI::Option* from =
        command->add_option("--from", from_, "no game: make a video of this recording")
            ->type_name("FILE")
            ->check(CLI::ExistingFile);
    command->add_option("--episodes", record_.episodes, "how many games")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str()
        ->excludes(from);
    command->add_option("--speed", record_.speed, "2 shows the game twice as fast")
        ->type_name("S")
        ->check(CLI::Range(0.125, 32.0))
        ->capture_default_str();
    command->add_flag("--overlay", record_.overlay,
                      "beside the game: return, actions and their Q-values");
    command->callback([this] {
      line_.command = [this](const Session& session) {
        if (from_.empty()) {
          dqnd::RecordCommand(session, Find(), record_);
        } else {
          dqnd::ConvertCommand(session, from_, record_);
        }
      };
    });
  }

  void AddInfo() {
    CLI::App* command = app_.add_subcommand("info", "what is in a recording");
    command->add_option("file", recording_, "a recording")
        ->type_name("FILE.dqnrec")
        ->required()
        ->check(CLI::ExistingFile);
    command->callback([this] {
      line_.command = [this](const Session& session) { dqnd::InfoCommand(session, recording_); };
    });
  }

  CLI::App app_;
  CommandLine line_;
  // What the options of commands say.
  bool once_ = false;
  int64_t cycles_ = 1;
  dqnd::WatchArguments watch_;
  dqnd::RecordArguments record_;
  std::string from_;
  std::string recording_;
};

int Run(int argc, char** argv) {
  Parser parser;
  CommandLine line;
  try {
    line = parser.Parse(argc, argv);
  } catch (const CLI::Error& error) {
    return parser.Exit(error);
  }
  std::signal(SIGPIPE, SIG_IGN);
  dqnd::Bell bell;
  const dqnd::Signals signals(bell);
  line.command({.bell = bell, .signals = signals, .json = line.json});
  return dqnd::kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "dqnctl: {}\n", error.what());
    return dqnd::kExitWrong;
  } catch (const std::exception& error) {
    fmt::print(stderr, "dqnctl: {}\n", error.what());
    return dqnd::kExitRefused;
  }
}
