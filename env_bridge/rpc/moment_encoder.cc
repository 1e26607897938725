#include "env_bridge/rpc/moment_encoder.h"

#include "env_bridge/rpc/messages.h"

namespace dqnd {

void MomentEncoder::Encode(const Moment& moment, const StepSummary& not_shown,
                           std::span<const float> q_values, v1::Moment& message) {
  pictures_.Encode(moment.picture, *message.mutable_picture());
  message.set_unix_nanoseconds(moment.unix_nanoseconds);
  if (moment.step) {
    v1::Step& step = *message.mutable_step();
    ToMessage(*moment.step, step);
    if (step.q_values().empty()) step.mutable_q_values()->Assign(q_values.begin(), q_values.end());
  }
  if (not_shown.env_steps > 0) ToMessage(not_shown, *message.mutable_not_shown());
  if (network_input_ && !moment.state.empty()) {
    ToMessage(observation_, moment.state, *message.mutable_network_input());
  }
}

void MomentEncoder::AddSaliency(const SaliencyWorker::Result* result, v1::Moment& message) {
  if (result == nullptr || result->env_step == saliency_sent_) return;
  saliency_sent_ = result->env_step;
  ToMessage(result->map, *message.mutable_saliency());
  message.mutable_saliency()->set_env_step(result->env_step);
}

}  // namespace dqnd
