#include "trainer/learner/learner.h"

#include "trainer/device/device.h"
#include "trainer/learner/device_learner.h"
#include "trainer/learner/host_learner.h"

namespace dqnd {

std::unique_ptr<Learner> MakeLearner(const Config& config, const EnvironmentSpec& environment,
                                     RandomStream& init, ThreadTeam& team) {
  if (config.train.device == Device::kCuda) {
    return std::make_unique<DeviceLearner>(config, environment, init,
                                           FindGpu(config.train.deterministic));
  }
  return std::make_unique<HostLearner>(config, environment, init, team);
}

}  // namespace dqnd
