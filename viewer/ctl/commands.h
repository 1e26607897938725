#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "viewer/client/address.h"
#include "viewer/ctl/bell.h"
#include "viewer/ctl/signals.h"

namespace dqnd {

// The programs behind `dqnctl COMMAND`. Each prints its results to standard output and returns when
// it is done or `signals` say stop; what keeps it from its work is thrown, and main turns that into
// one message and a status: std::invalid_argument is the command line's fault.

enum ExitStatus : int {
  kExitDone = 0,
  kExitRefused = 1,  // the daemon refused or is gone, or a file could not be written
  kExitWrong = 2,    // the command line
};

// What a command runs with. Kept by main for as long as it runs.
struct Session {
  Bell& bell;  // rung by signals, too
  const Signals& signals;
  bool json = false;  // one JSON document, or one a line
};

// Where the run stands: on a terminal a table that is drawn again in place until Ctrl-C, otherwise,
// and with `once`, one table.
void StatusCommand(const Session& session, const Address& address, bool once);

// Each says in one line what is now true.
void PauseCommand(const Session& session, const Address& address);
void ResumeCommand(const Session& session, const Address& address);
void StepCommand(const Session& session, const Address& address, int64_t cycles);
void CheckpointCommand(const Session& session, const Address& address);
void StopCommand(const Session& session, const Address& address);

struct WatchArguments {
  bool exhibition = false;
  bool training = false;           // neither: an exhibition game where the daemon offers them
  std::optional<int> environment;  // implies training
  double rate_hz = 30;             // pictures drawn a second, at most
};
// Draws a game in the terminal until Ctrl-C; with --json prints its moments, without pictures.
void WatchCommand(const Session& session, const Address& address, const WatchArguments& arguments);

struct RecordArguments {
  std::string out;
  int64_t episodes = 1;
  double speed = 1;
  bool overlay = false;
};
// Plays exhibition games and writes them to a file; Ctrl-C keeps what there is.
void RecordCommand(const Session& session, const Address& address,
                   const RecordArguments& arguments);
// Makes a video of a recording instead.
void ConvertCommand(const Session& session, const std::string& recording,
                    const RecordArguments& arguments);

// What is in a recording.
void InfoCommand(const Session& session, const std::string& recording);

}  // namespace dqnd
