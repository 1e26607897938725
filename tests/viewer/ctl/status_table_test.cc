#include "viewer/ctl/status_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Le;
using testing::Not;
using testing::SizeIs;

TEST(StatusTable, ShowsWhereTheRunStandsWithinTheWindow) {
  v1::RunDescription description;
  description.set_name("bad\x1bname");
  v1::RunState state;
  state.set_phase(v1::RUN_PHASE_TRAINING);
  state.set_env_steps(250'000);
  state.set_total_env_steps(1'000'000);
  state.set_env_steps_per_second(412.4);
  state.set_remaining_seconds(1818);
  state.mutable_checkpoint()->set_env_steps(240'000);
  state.mutable_checkpoint()->set_unix_seconds(1000);
  const std::vector<std::string> lines = StatusTable(description, state, 1084, 100);
  EXPECT_THAT(lines, Each(SizeIs(Le(100u))));
  EXPECT_THAT(lines, Contains(HasSubstr("bad?name")));
  EXPECT_THAT(lines, Contains(HasSubstr("env_step 240,000, 0:01:24 ago")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("mean_return"))));
  EXPECT_THAT(lines.back(),
              HasSubstr("25 %  250,000/1,000,000 env_steps  412 env_steps/s  ETA 0:30:18"));
  EXPECT_THAT(StatusTable(description, state, 1084, 12), Each(SizeIs(Le(12u))));
}

TEST(StatusTable, ARunThatStandsStillHasNoSpeedAndNoEnd) {
  v1::RunState state;
  state.set_phase(v1::RUN_PHASE_PAUSED);
  state.set_env_steps_per_second(412.4);
  state.set_remaining_seconds(1818);
  EXPECT_THAT(StatusTable({}, state, 0, 100).back(), HasSubstr(" 0 env_steps/s  ETA -"));
}

TEST(StatusTable, ARunWithoutATotalOrBeyondItDrawsABarAllTheSame) {
  v1::RunState state;
  state.set_env_steps(5);
  EXPECT_THAT(StatusTable({}, state, 0, 80).back(), HasSubstr("100 %"));
}

}  // namespace
}  // namespace dqnd
