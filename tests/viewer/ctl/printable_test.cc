#include "viewer/ctl/printable.h"

#include <gtest/gtest.h>

namespace dqnd {
namespace {

TEST(Printable, NothingThatADaemonSaysCommandsTheTerminal) {
  EXPECT_EQ(Printable("run \x1b[2J\x07\x7f\xc2\x9b"
                      "2J"),
            "run ?[2J???2J");
  EXPECT_EQ(Printable("Z\xc3\xbcrich"), "Z\xc3\xbcrich");
}

}  // namespace
}  // namespace dqnd
