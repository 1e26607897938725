#include "trainer/metrics/console.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>

namespace dqnd {
namespace {

// Both ends of a pseudo-terminal that passes bytes as they are.
class ConsoleOnAPseudoTerminal : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("TERM", "xterm", 1);
    window_ = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(window_, 0);
    ASSERT_EQ(grantpt(window_), 0);
    ASSERT_EQ(unlockpt(window_), 0);
    program_ = open(ptsname(window_), O_RDWR | O_NOCTTY);
    ASSERT_GE(program_, 0);
    termios settings;
    ASSERT_EQ(tcgetattr(program_, &settings), 0);
    cfmakeraw(&settings);
    ASSERT_EQ(tcsetattr(program_, TCSANOW, &settings), 0);
  }
  void TearDown() override {
    close(program_);
    close(window_);
  }
  void Resize(unsigned short columns, unsigned short rows) {
    winsize size{};
    size.ws_col = columns;
    size.ws_row = rows;
    ASSERT_EQ(ioctl(window_, TIOCSWINSZ, &size), 0);
  }

  int window_ = -1, program_ = -1;
};

TEST_F(ConsoleOnAPseudoTerminal, FollowsTheSizeOfTheWindow) {
  FileDescriptorConsole console(program_);
  Resize(132, 43);
  ASSERT_TRUE(console.terminal_size().has_value());
  EXPECT_EQ(console.terminal_size()->columns, 132);
  EXPECT_EQ(console.terminal_size()->rows, 43);
  Resize(20, 5);
  EXPECT_EQ(console.terminal_size()->columns, 20);
}

TEST_F(ConsoleOnAPseudoTerminal, TakesTheCustomarySizeWhenTheWindowDoesNotSay) {
  FileDescriptorConsole console(program_);
  Resize(0, 0);
  ASSERT_TRUE(console.terminal_size().has_value());
  EXPECT_EQ(console.terminal_size()->columns, 80);
  EXPECT_EQ(console.terminal_size()->rows, 24);
}

TEST_F(ConsoleOnAPseudoTerminal, PassesOnWhatIsWritten) {
  FileDescriptorConsole(program_).Write("\x1b[Jtext\n");
  std::array<char, 32> bytes{};
  EXPECT_EQ(read(window_, bytes.data(), bytes.size()), 8);
  EXPECT_STREQ(bytes.data(), "\x1b[Jtext\n");
}

TEST_F(ConsoleOnAPseudoTerminal, IsNoTerminalWhenTermIsDumbOrUnset) {
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(FileDescriptorConsole(program_).terminal_size().has_value());
  unsetenv("TERM");
  EXPECT_FALSE(FileDescriptorConsole(program_).terminal_size().has_value());
}

TEST(FileDescriptorConsole, OnAFileIsNoTerminal) {
  const int descriptor = open("/dev/null", O_WRONLY);
  EXPECT_FALSE(FileDescriptorConsole(descriptor).terminal_size().has_value());
  close(descriptor);
}

TEST(FileDescriptorConsole, ThatWentAwayIsNoError) {
  FileDescriptorConsole console(-1);
  EXPECT_NO_THROW(console.Write("text"));
}

}  // namespace
}  // namespace dqnd
