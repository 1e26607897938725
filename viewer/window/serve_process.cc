#include "viewer/window/serve_process.h"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "viewer/client/address.h"
#include "viewer/client/connection.h"

namespace dqnd {
namespace {

constexpr std::chrono::seconds kGrace(5);
constexpr std::chrono::milliseconds kPoll(10);

// As the shell would find it, but first where this program itself lies.
std::string FindDaemon() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path beside = self.parent_path() / "dqnd";
  return !error && ::access(beside.c_str(), X_OK) == 0 ? beside.string() : "dqnd";
}

std::string EndText(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("dqnd serve was ended by signal {}", WTERMSIG(status));
  return fmt::format("dqnd serve ended with status {}; its own lines say why", WEXITSTATUS(status));
}

}  // namespace

ServeProcess::ServeProcess(const std::filesystem::path& run_directory) {
  std::string program = FindDaemon();
  std::string command = "serve";
  std::string directory = run_directory.string();
  char* const arguments[] = {program.data(), command.data(), directory.data(), nullptr};
  const int error =
      ::posix_spawnp(&process_, program.c_str(), nullptr, nullptr, arguments, environ);
  if (error != 0) {
    process_ = -1;
    throw std::runtime_error(
        fmt::format("no daemon listens for {}, and \"{}\" cannot be started to serve it: {}. Put "
                    "dqnd beside dqnview or into PATH",
                    directory, program, std::generic_category().message(error)));
  }
}

ServeProcess::~ServeProcess() {
  if (!Ended().empty()) return;
  ::kill(process_, SIGTERM);
  const auto end = std::chrono::steady_clock::now() + kGrace;
  while (std::chrono::steady_clock::now() < end) {
    if (!Ended().empty()) return;
    std::this_thread::sleep_for(kPoll);
  }
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

std::string ServeProcess::Ended() {
  int status = 0;
  if (process_ >= 0 && ::waitpid(process_, &status, WNOHANG) == process_) {
    process_ = -1;
    ended_ = EndText(status);
  }
  return ended_;
}

bool DaemonAnswers(const std::filesystem::path& run_directory) {
  try {
    const ConnectionOptions quick{.connect_timeout = std::chrono::milliseconds(500),
                                  .call_timeout = std::chrono::milliseconds(500)};
    Connection(ReadRunDirectory(run_directory), quick).GetRun();
    return true;
  } catch (const ConnectionError& error) {
    return !error.may_pass();  // one that declines is there
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace dqnd
