#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace dqnd {

// A `dqnd serve RUN_DIRECTORY` of our own: begins with this object and ends with it, by SIGTERM
// and, when that does nothing for five seconds, by SIGKILL.
//
// Owned and called by one thread.
class ServeProcess {
 public:
  // Starts the `dqnd` that lies beside this program, or else the one in PATH. Throws
  // std::runtime_error when there is none or it does not start; whether it comes up shows in its
  // address file.
  explicit ServeProcess(const std::filesystem::path& run_directory);
  ServeProcess(const ServeProcess&) = delete;
  ServeProcess& operator=(const ServeProcess&) = delete;
  ~ServeProcess();

  // Empty while it runs; afterwards one line that says how it ended.
  std::string Ended();

 private:
  pid_t process_ = -1;  // -1: it has ended
  std::string ended_;
};

// Whether a daemon answers at the address in a run directory. Takes at most a second.
bool DaemonAnswers(const std::filesystem::path& run_directory);

}  // namespace dqnd
