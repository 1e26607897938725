#pragma once

#include <span>

#include "dqnd/v1/environment.pb.h"
#include "dqnd/v1/moment.pb.h"
#include "dqnd/v1/run.pb.h"
#include "dqnd/v1/stream.pb.h"
#include "env_bridge/run_control.h"
#include "env_bridge/watch/moment.h"
#include "env_bridge/watch/run_feed.h"
#include "env_bridge/watch/saliency.h"

namespace dqnd {

// Our types as the wire has them. Each writes over a message that is empty.

// The revision of proto/dqnd/v1 that this daemon speaks; grows with each addition.
inline constexpr int kContractRevision = 1;

void ToMessage(const EnvironmentSpec& spec, v1::EnvironmentSpec& message);
void ToMessage(const ObservationSpec& spec, v1::ObservationSpec& message);
// But for process_start_unix_seconds, which the run does not know.
void ToMessage(const RunDescription& description, v1::RunDescription& message);
void ToMessage(const RunState& state, int watchers, v1::RunState& message);
void ToMessage(const ShownStep& step, v1::Step& message);
void ToMessage(const StepSummary& summary, v1::StepSummary& message);
void ToMessage(const LogLine& line, v1::Event& message);
void ToMessage(const MetricsRow& row, v1::MetricsRow& message);
void ToMessage(const Saliency& saliency, v1::SaliencyMap& message);

// `state`: [stack, observation bytes].
void ToMessage(const ObservationSpec& spec, std::span<const uint8_t> state,
               v1::NetworkInput& message);

// What this daemon can do.
v1::Contract ThisContract(const std::string& program_version);

}  // namespace dqnd
