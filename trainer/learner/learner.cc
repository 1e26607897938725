#include "trainer/learner/learner.h"

#include <stdexcept>

#include "trainer/device/device.h"
#include "trainer/learner/device_learner.h"
#include "trainer/learner/host_learner.h"

namespace dqnd {

std::unique_ptr<Learner> MakeLearner(const Config& config, const EnvironmentSpec& environment,
                                     RandomStream& init, ThreadTeam& team) {
  if (config.train.device == Device::kCuda) {
    if (config.network.actor == ActorKind::kPacked) {
      throw std::invalid_argument(
          "network.actor is packed, which computes on processors, and train.device is cuda: a GPU "
          "acts by the network itself; remove one of them");
    }
    return std::make_unique<DeviceLearner>(config, environment, init,
                                           FindGpu(config.train.deterministic));
  }
  return std::make_unique<HostLearner>(config, environment, init, team);
}

}  // namespace dqnd
