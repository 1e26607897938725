#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <spdlog/logger.h>

#include "base/file_system.h"
#include "env_bridge/rpc/server.h"
#include "env_bridge/run_control.h"
#include "env_bridge/watch/run_feed.h"
#include "env_bridge/watch/wakeup.h"
#include "env_bridge/watch/watch_hub.h"
#include "trainer/config/config.h"
#include "trainer/network/parameters.h"
#include "trainer/published_network.h"
#include "trainer/remote_control.h"

namespace dqnd {

// The name of the file in a run directory that says where its daemon listens, while it does; and
// of the folder with its tokens and certificate.
inline constexpr const char* kAddressFile = "address";
inline constexpr const char* kAccessFolder = "access";

// What lies between a run and those who watch it: the training loop shows its env_steps to hub(),
// publishes into network() and obeys control(); the server passes it all on. Owned by the thread
// that owns the run; outlives the run's session.
class Bridge {
 public:
  struct Options {
    Config config;
    EnvironmentSpec environment;
    int n_envs = 0;           // that train; 0: none does
    int max_exhibitions = 0;  // games at once for which there is memory, and which are allowed
    // Whether clients that name the run directory come here; false where another daemon works
    // there.
    bool write_address = true;
  };

  // `feed` notifies `news`, and both must outlive this object. `request_stop` ends the run as a
  // signal would, from any thread. `parameters` are the first that can be seen, of `env_steps`.
  Bridge(const Options& options, const Parameters& parameters, int64_t env_steps, RunFeed& feed,
         Wakeup& news, std::function<void()> request_stop);

  // Ends every call.
  ~Bridge();

  WatchHub& hub() { return hub_; }
  PublishedNetwork& network() { return network_; }
  RemoteControl& control() { return control_; }
  const RemoteControl& control() const { return control_; }

  // Serves what config.server.listen says, and writes where into the run directory, unless the
  // options forbid it. Where a port of loopback is taken, takes a free one and says so in `log`.
  // Throws what Server throws.
  void Listen(FileSystem& files, const std::filesystem::path& run, spdlog::logger& log);

  // Where, with a token unless others read this program's standard output; empty when nothing is
  // served.
  std::string link() const;

 private:
  std::unique_ptr<Server> MakeServer(const std::string& listen, const std::filesystem::path& run);

  void RemoveAddressFile();
  std::string AddressLine() const;

  const Options options_;
  const RunFeed& feed_;
  Wakeup& news_;
  WatchHub hub_;
  PublishedNetwork network_;
  RemoteControl control_;
  FileSystem* files_ = nullptr;
  std::filesystem::path address_file_;  // empty until it is written
  std::unique_ptr<Server> server_;
};

}  // namespace dqnd
