#include "viewer/window/serve_process.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include "viewer/client/address.h"
#include "viewer/client/connection.h"

namespace dqnd {
namespace {

constexpr std::chrono::seconds kGrace(5);
constexpr std::chrono::milliseconds kPoll(10);
constexpr size_t kLastBytes = 2048;
constexpr int kLastLines = 3;

std::string EndText(int status, const std::string& last_lines) {
  const std::string how = WIFSIGNALED(status)
                              ? fmt::format("dqnd serve was ended by signal {}", WTERMSIG(status))
                              : fmt::format("dqnd serve ended with status {}", WEXITSTATUS(status));
  return last_lines.empty() ? how : fmt::format("{}: {}", how, last_lines);
}

// In the child. This program has threads, so that nothing but system calls may come before exec.
[[noreturn]] void BecomeDaemon(char* const* arguments, pid_t parent, int said, int failure) {
  // A parent that is gone already sends no signal any more.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(0);
  ::dup2(said, STDERR_FILENO);
  ::execvp(arguments[0], arguments);
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(failure, &error, sizeof(error));
  ::_exit(127);
}

// The child's id, and 0 or why it does not run that program.
std::pair<pid_t, int> Start(char* const* arguments, int said) {
  std::array<int, 2> failure;  // closed by exec
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) return {-1, errno};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) BecomeDaemon(arguments, parent, said, failure[1]);
  int error = child < 0 ? errno : 0;
  ::close(failure[1]);
  while (::read(failure[0], &error, sizeof(error)) < 0 && errno == EINTR) {
  }
  ::close(failure[0]);
  if (child < 0 || error == 0) return {child, error};
  ::waitpid(child, nullptr, 0);
  return {-1, error};
}

}  // namespace

// As the shell would find it, but first where this program itself lies.
std::string FindDaemon() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path beside = self.parent_path() / "dqnd";
  return !error && ::access(beside.c_str(), X_OK) == 0 ? beside.string() : "dqnd";
}

ServeProcess::ServeProcess(const std::filesystem::path& run_directory, std::string program)
    : said_(std::tmpfile(), &std::fclose) {
  if (said_ == nullptr) {
    throw std::runtime_error(fmt::format("cannot make a temporary file for dqnd serve: {}",
                                         std::generic_category().message(errno)));
  }
  std::string command = "serve";
  std::string directory = run_directory.string();
  // A run may listen nowhere, or to everybody.
  std::string listen = "server.listen=127.0.0.1:0";
  char* const arguments[] = {program.data(), command.data(), directory.data(), listen.data(),
                             nullptr};
  int error = 0;
  std::tie(process_, error) = Start(arguments, ::fileno(said_.get()));
  if (error != 0) {
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
    ended_ = EndText(status, LastLines());
  }
  return ended_;
}

std::string ServeProcess::LastLines() const {
  // By the position in the file, which the child's own writing does not move.
  struct stat file{};
  if (::fstat(::fileno(said_.get()), &file) != 0) return "";
  std::string text(kLastBytes, '\0');
  const off_t from = std::max<off_t>(0, file.st_size - static_cast<off_t>(kLastBytes));
  const ssize_t length = ::pread(::fileno(said_.get()), text.data(), text.size(), from);
  text.resize(static_cast<size_t>(std::max<ssize_t>(0, length)));
  text.erase(text.find_last_not_of(" \r\n") + 1);
  size_t begin = text.size();
  for (int line = 0; line < kLastLines && begin != std::string::npos && begin > 0; ++line) {
    begin = text.rfind('\n', begin - 1);
  }
  return begin == std::string::npos || begin == 0 ? text : text.substr(begin + 1);
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

bool IsTrained(const std::filesystem::path& run_directory) {
  const std::filesystem::path path = run_directory / ".lock";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return false;
  const bool is_held = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(file);  // and with it the lock, if we got it
  return is_held;
}

}  // namespace dqnd
