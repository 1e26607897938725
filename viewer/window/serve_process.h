#pragma once

#include <sys/types.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace dqnd {

// The `dqnd` that lies beside this program, or else the one in PATH.
std::string FindDaemon();

// A `dqnd serve RUN_DIRECTORY` of our own, for this computer alone whatever the run's configuration
// says: begins with this object and ends with it, by SIGTERM and, when that does nothing for five
// seconds, by SIGKILL. It ends with this program, too, when that is killed.
//
// Owned and called by one thread, which lives as long as the program: with it the daemon would end.
class ServeProcess {
 public:
  // Throws std::runtime_error when there is no such program or it does not start; whether it comes
  // up shows in its address file.
  explicit ServeProcess(const std::filesystem::path& run_directory,
                        std::string program = FindDaemon());
  ServeProcess(const ServeProcess&) = delete;
  ServeProcess& operator=(const ServeProcess&) = delete;
  ~ServeProcess();

  // Empty while it runs; afterwards how it ended, with the last lines that it wrote about that.
  std::string Ended();

 private:
  std::string LastLines() const;

  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> said_;  // its standard error
  pid_t process_ = -1;                                          // -1: it has ended
  std::string ended_;
};

// Whether a daemon answers at the address in a run directory. Takes at most a second.
bool DaemonAnswers(const std::filesystem::path& run_directory);

// Whether a daemon trains in a run directory, be it silent or not listening yet: it holds the lock
// there as long as it lives.
bool IsTrained(const std::filesystem::path& run_directory);

}  // namespace dqnd
