#include "viewer/ctl/moment_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/viewer/fake_game.h"

namespace dqnd {
namespace {

using testing::HasSubstr;

v1::Step Decision(int action) {
  v1::Step step;
  step.set_action(action);
  for (int i = 0; i < FakeGame::kActions; ++i) step.add_q_values(1.5f + static_cast<float>(i));
  return step;
}

TEST(ActionLine, NamesTheActionsWithTheirValuesAndTheChosenOneInBrackets) {
  EXPECT_EQ(ActionLine(FakeGame::Spec(), Decision(1), 80),
            "NOOP 1.50  [FIRE 2.50]  RIGHT 3.50  LEFT 4.50");
}

TEST(ActionLine, SaysWhoChoseWhereItWasNotTheAgent) {
  v1::Step step = Decision(3);
  step.set_exploratory(true);
  EXPECT_THAT(ActionLine(FakeGame::Spec(), step, 80), HasSubstr("[LEFT 4.50]?"));
  step.set_by_person(true);
  EXPECT_THAT(ActionLine(FakeGame::Spec(), step, 80), HasSubstr("[LEFT 4.50]!"));
}

TEST(ActionLine, NeverLeavesOutTheChosenAction) {
  for (int columns = 14; columns < 60; ++columns) {
    for (int action = 0; action < FakeGame::kActions; ++action) {
      const std::string line = ActionLine(FakeGame::Spec(), Decision(action), columns);
      EXPECT_LE(line.size(), static_cast<size_t>(columns));
      EXPECT_THAT(line, HasSubstr("[")) << columns;
    }
  }
  EXPECT_EQ(ActionLine(FakeGame::Spec(), Decision(3), 17), "[LEFT 4.50]  +3");
}

TEST(ActionLine, AnActionThatTheGameDoesNotHaveIsANumber) {
  EXPECT_THAT(ActionLine(FakeGame::Spec(), Decision(77), 80), HasSubstr("[77]"));
  EXPECT_THAT(ActionLine(FakeGame::Spec(), Decision(-2), 80), HasSubstr("[-2]"));
}

}  // namespace
}  // namespace dqnd
