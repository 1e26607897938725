#include "viewer/window/run_card.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

TEST(RunCard, ARunThatStandsStillHasNoSpeedAndNoEnd) {
  v1::RunState state;
  state.set_phase(v1::RUN_PHASE_TRAINING);
  state.set_env_steps_per_second(412.5);
  state.set_remaining_seconds(34 * 60);
  state.set_elapsed_seconds(12 * 60);
  EXPECT_EQ(TimeText(state), "done in 34 min");
  EXPECT_EQ(RateText(state), "412 /s");
  state.set_phase(v1::RUN_PHASE_PAUSED);
  EXPECT_EQ(TimeText(state), "12 min of training") << "though the daemon has sent both";
  EXPECT_EQ(RateText(state), "-");
  state.clear_remaining_seconds();
  state.clear_env_steps_per_second();
  EXPECT_EQ(TimeText(state), "12 min of training");
  EXPECT_EQ(RateText(state), "-");
}

TEST(RunCard, WithoutAnEndInSightItSaysHowLongItHasTrained) {
  v1::RunState state;
  state.set_phase(v1::RUN_PHASE_TRAINING);
  state.set_elapsed_seconds(12 * 60);
  EXPECT_EQ(TimeText(state), "12 min of training");
}

}  // namespace
}  // namespace dqnd
