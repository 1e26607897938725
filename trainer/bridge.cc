#include "trainer/bridge.h"

#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace dqnd {
namespace {

const char* NameOf(Architecture architecture) {
  switch (architecture) {
    case Architecture::kNatureCnn:
      return "nature_cnn";
    case Architecture::kMinatarCnn:
      return "minatar_cnn";
    case Architecture::kMlp:
      return "mlp";
  }
  return "";
}

bool IsLoopbackPort(const std::string& listen) {
  return listen.starts_with("127.") || listen.starts_with("localhost:") ||
         listen.starts_with("[::1]:");
}

}  // namespace

Bridge::Bridge(const Config& config, const EnvironmentSpec& environment,
               const Parameters& parameters, int64_t env_steps, RunFeed& feed, Wakeup& news,
               std::function<void()> request_stop)
    : config_(config),
      feed_(feed),
      news_(news),
      hub_(config.environment.n_envs, news),
      network_(config.network, environment),
      control_({.name = config.run.name,
                .environment = environment,
                .n_envs = config.environment.n_envs,
                .architecture = NameOf(config.network.architecture),
                .parameters = parameters.count(),
                .config_yaml = ToYaml(config)},
               std::move(request_stop), news) {
  network_.Publish(parameters, env_steps);
}

Bridge::~Bridge() {
  control_.Close("the run has ended");
  server_ = nullptr;
  if (address_file_.empty()) return;
  try {
    files_->Remove(address_file_);
  } catch (const std::system_error&) {
    // It then names an address that does not answer, which clients say as well.
  }
}

std::unique_ptr<Server> Bridge::MakeServer(const std::string& listen,
                                           const std::filesystem::path& run) {
  return std::make_unique<Server>(
      ServerOptions{.listen = listen,
                    .insecure = config_.server.insecure,
                    .access_folder = run / kAccessFolder,
                    .max_watchers = static_cast<int>(config_.server.max_watchers),
                    .max_exhibitions = static_cast<int>(config_.server.max_exhibitions),
                    .program_version = DQND_VERSION},
      ServedRun{.control = control_,
                .policies = network_,
                .hub = hub_,
                .feed = feed_,
                .news = news_,
                .environment = config_.environment,
                .exhibition_eps = config_.evaluation.eps});
}

void Bridge::Listen(FileSystem& files, const std::filesystem::path& run, spdlog::logger& log) {
  if (!config_.server.listen) return;
  const std::string& listen = *config_.server.listen;
  try {
    server_ = MakeServer(listen, run);
  } catch (const std::runtime_error& error) {
    if (!IsLoopbackPort(listen)) throw;
    server_ = MakeServer(listen.substr(0, listen.rfind(':')) + ":0", run);
    log.info("{} is taken; clients find this run at {}", listen, server_->address());
  }
  try {
    WriteFileAtomically(files, run / kAddressFile, server_->address() + "\n");
  } catch (const std::system_error& error) {
    log.warn("{}; clients find this run at {}", error.what(), server_->address());
    return;
  }
  files_ = &files;
  address_file_ = run / kAddressFile;
}

std::string Bridge::link() const {
  return server_ == nullptr ? "" : server_->LinkWithToken(true);
}

}  // namespace dqnd
