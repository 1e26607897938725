#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trainer/run_directory.h"

namespace dqnd {

// The programs behind `dqnd COMMAND`. Each prints its results to standard output, returns the exit
// status, and throws for everything that keeps it from its work (main turns that into a message and
// a status).

// The exit status answers one question: start me again?
enum ExitStatus : int {
  kExitNo = 0,       // complete
  kExitMayHelp = 1,  // a failure; a restart may help
  kExitNoWrong = 2,  // no: the command line or configuration is wrong, or the plan does not fit
  kExitAgain = 75,   // yes: stopped by a signal, or the run directory is locked
};

// Of games that cannot be saved, behind their id.
inline constexpr const char* kGoesOnWithNewEpisodes =
    "cannot save its games: a run that is interrupted goes on with new episodes, not to the bit";

struct TrainArguments {
  std::string config;
  std::vector<std::string> overrides;
  OnExisting on_existing = OnExisting::kResume;
  bool allow_changes = false;    // of result keys, in a run that goes on
  bool ephemeral = false;        // a run may end with its container
  std::string program = "dqnd";  // as it was called, for the line that goes on with the run
};
int TrainCommand(const TrainArguments& arguments);

struct PlanArguments {
  std::string config;
  std::vector<std::string> overrides;
};
int PlanCommand(const PlanArguments& arguments);

struct EvaluateArguments {
  std::string run_or_checkpoint;
  std::vector<std::string> overrides;
  int64_t episodes = 100;
  std::optional<double> eps;  // unset: the run's evaluation.eps
  uint64_t seed = 0;
  std::string actions;  // a file to write them to; empty: none
  bool json = false;
};
int EvaluateCommand(const EvaluateArguments& arguments);

// Writes a network in a form that other programs and devices take.
struct ExportArguments {
  std::string run_or_checkpoint;
  std::string format;  // packed, c, onnx, safetensors or examples
  std::string output;
  int64_t states = 1'000;  // examples
};
int ExportCommand(const ExportArguments& arguments);

// Plays real states through a network and its packed file; status 1 when they differ.
struct VerifyArguments {
  std::string run_or_checkpoint;
  std::string packed;
  int64_t states = 10'000;
  uint64_t seed = 0;
  bool json = false;
};
int VerifyCommand(const VerifyArguments& arguments);

// What is in the checkpoints of a run, or in one; status 1 when one does not verify.
struct InspectArguments {
  std::string run_or_checkpoint;
  bool digest = false;  // of the newest
  bool json = false;
};
int InspectCommand(const InspectArguments& arguments);

// Offers exhibition games of a finished or stopped run until a signal or a client ends it.
struct ServeArguments {
  std::string run_or_checkpoint;
  std::vector<std::string> overrides;
};
int ServeCommand(const ServeArguments& arguments);

// Makes a new certificate for a run's server.
struct CertArguments {
  std::string run;  // its directory, which may not be there yet
  int days = 3650;
};
int CertCommand(const CertArguments& arguments);

// Asks the daemon of a run whether it serves; status 1 when it does not.
struct HealthArguments {
  std::string run;  // empty: those in ./runs that are in use
  double timeout_seconds = 5;
};
int HealthCommand(const HealthArguments& arguments);

struct TraceArguments {
  std::string config;
  std::vector<std::string> overrides;
  uint64_t seed = 0;
  std::string actions;  // a file, or - for standard input
  bool resets = false;
  bool pictures = false;
};
int TraceCommand(const TraceArguments& arguments);

struct EnvsArguments {
  std::string id;  // empty: list all
  bool json = false;
};
int EnvsCommand(const EnvsArguments& arguments);

}  // namespace dqnd
