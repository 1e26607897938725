#include <fmt/format.h>

#include "viewer/client/connection.h"
#include "viewer/ctl/commands.h"
#include "viewer/ctl/message_json.h"
#include "viewer/ctl/number_text.h"
#include "viewer/ctl/phase_text.h"

namespace dqnd {
namespace {

void Answer(const Session& session, const v1::RunState& state, std::string_view what,
            const std::string& addition = "") {
  if (session.json) {
    fmt::print("{}\n", ToJson(state).dump());
  } else {
    fmt::print("{} at env_step {}{}\n", what, Grouped(state.env_steps()), addition);
  }
}

void Answer(const Session& session, const v1::RunState& state, const std::string& addition = "") {
  Answer(session, state, PhaseText(state.phase()), addition);
}

}  // namespace

void PauseCommand(const Session& session, const Address& address) {
  const std::stop_token stop = session.signals.stop();
  Answer(session, Connection(address, {}, stop).Pause(stop).state());
}

void ResumeCommand(const Session& session, const Address& address) {
  const std::stop_token stop = session.signals.stop();
  Answer(session, Connection(address, {}, stop).Resume(stop).state());
}

void StepCommand(const Session& session, const Address& address, int64_t cycles) {
  const std::stop_token stop = session.signals.stop();
  Answer(session, Connection(address, {}, stop).Step(cycles, stop).state(),
         fmt::format(", {} {} later", Grouped(cycles), cycles == 1 ? "cycle" : "cycles"));
}

void CheckpointCommand(const Session& session, const Address& address) {
  const std::stop_token stop = session.signals.stop();
  const v1::CheckpointResponse response = Connection(address, {}, stop).Checkpoint(stop);
  if (session.json) {
    fmt::print("{}\n", ToJson(response.checkpoint()).dump());
  } else {
    fmt::print("checkpoint of env_step {} is complete\n",
               Grouped(response.checkpoint().env_steps()));
  }
}

void StopCommand(const Session& session, const Address& address) {
  const std::stop_token stop = session.signals.stop();
  const v1::RunState state = Connection(address, {}, stop).Stop(stop).state();
  // A daemon that has only begun to stop may still call itself paused.
  Answer(session, state, "stopping",
         state.phase() == v1::RUN_PHASE_SERVING ? "" : ", after a last checkpoint");
}

}  // namespace dqnd
