#pragma once

#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "env_bridge/make_environment.h"
#include "env_bridge/watch/watch_hub.h"

namespace dqnd {

// Trains Catch at full speed until it is destroyed: publishes, as the training loop does.
class Training {
 public:
  explicit Training(WatchHub& hub, bool exploratory = false)
      : thread_([&hub, exploratory](const std::stop_token& stop) {
          const auto environments = MakeVectorEnvironment({.id = "catch"}, 1);
          environments->Reset(std::vector<uint64_t>{1});
          const std::vector<int> actions = {1};
          const std::vector<uint8_t> explored = {exploratory};
          const std::vector<float> values = {0.5f, 1, 0.25f};
          RunningEpisode episode;
          for (int64_t env_step = 0; !stop.stop_requested(); ++env_step) {
            const std::vector<uint8_t> states(environments->observations().begin(),
                                              environments->observations().end());
            environments->Step(actions);
            if (hub.wanted()) {
              hub.Publish({.environments = *environments,
                           .actions = actions,
                           .exploratory = explored,
                           .q_values = values,
                           .states = states,
                           .episodes = std::span(&episode, 1),
                           .env_steps = env_step,
                           .epsilon = 0.5});
            }
            std::this_thread::yield();
          }
        }) {}

 private:
  std::jthread thread_;
};

}  // namespace dqnd
