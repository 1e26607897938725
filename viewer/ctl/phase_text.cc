#include "viewer/ctl/phase_text.h"

namespace dqnd {

std::string_view PhaseText(v1::RunPhase phase) {
  switch (phase) {
    case v1::RUN_PHASE_TRAINING:
      return "training";
    case v1::RUN_PHASE_PAUSED:
      return "paused";
    case v1::RUN_PHASE_EVALUATING:
      return "evaluating";
    case v1::RUN_PHASE_STOPPING:
      return "stopping";
    case v1::RUN_PHASE_SERVING:
      return "serving a finished run";
    default:
      return "in a phase that this program does not know";
  }
}

}  // namespace dqnd
