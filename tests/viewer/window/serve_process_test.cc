#include "viewer/window/serve_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/base/temporary_folder.h"

namespace dqnd {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class Serving : public testing::Test {
 protected:
  // A dqnd that is this shell script.
  std::string Program(const std::string& script) const {
    const std::filesystem::path path = folder_.path() / "dqnd";
    std::ofstream(path) << "#!/bin/sh\n" << script;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  static std::string HowItEnds(ServeProcess& serve) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (serve.Ended().empty() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return serve.Ended();
  }

  const TemporaryFolder folder_;
};

TEST_F(Serving, ListensToThisComputerAloneWhateverTheRunSays) {
  ServeProcess serve("runs/x", Program("echo \"$@\" > \"$0.arguments\"; exit 3"));
  EXPECT_EQ(HowItEnds(serve), "dqnd serve ended with status 3");
  std::ifstream file(folder_.path() / "dqnd.arguments");
  std::string arguments;
  std::getline(file, arguments);
  EXPECT_EQ(arguments, "serve runs/x server.listen=127.0.0.1:0");
}

TEST_F(Serving, ShowsTheLastLinesOfOneThatFails) {
  ServeProcess serve("runs/x",
                     Program("for i in 1 2 3 4 5; do echo \"line $i\" >&2; done; exit 2"));
  EXPECT_EQ(HowItEnds(serve), "dqnd serve ended with status 2: line 3\nline 4\nline 5");
}

TEST_F(Serving, ShowsAFewBytesOfALongLine) {
  ServeProcess serve("runs/x", Program("yes no | tr -d '\\n' | head -c 100000 >&2; exit 2"));
  EXPECT_LT(HowItEnds(serve).size(), 3000u);
}

TEST_F(Serving, SaysThatThereIsNoSuchProgram) {
  EXPECT_THAT([&] { ServeProcess serve("runs/x", folder_.path() / "missing"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("No such file or directory")));
}

TEST_F(Serving, ARunIsTrainedWhileItsLockIsHeld) {
  EXPECT_FALSE(IsTrained(folder_.path())) << "no lock";
  const std::filesystem::path path = folder_.path() / ".lock";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_GE(file, 0);
  EXPECT_FALSE(IsTrained(folder_.path())) << "left by one that has ended";
  ASSERT_EQ(flock(file, LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(IsTrained(folder_.path()));
  close(file);
  EXPECT_FALSE(IsTrained(folder_.path()));
}

}  // namespace
}  // namespace dqnd
