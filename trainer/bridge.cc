#include "trainer/bridge.h"

#include <sys/stat.h>
#include <unistd.h>

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

// A batch system's output file, say: no place for a token.
bool OthersReadStandardOutput() {
  struct stat output{};
  return ::fstat(STDOUT_FILENO, &output) == 0 && S_ISREG(output.st_mode) &&
         (output.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

}  // namespace

Bridge::Bridge(const Options& options, const Parameters& parameters, int64_t env_steps,
               RunFeed& feed, Wakeup& news, std::function<void()> request_stop)
    : options_(options),
      feed_(feed),
      news_(news),
      hub_(options.n_envs, news),
      network_(options.config.network, options.environment),
      control_({.name = options.config.run.name,
                .environment = options.environment,
                .n_envs = options.n_envs,
                .architecture = NameOf(options.config.network.architecture),
                .parameters = parameters.count(),
                .config_yaml = ToYaml(options.config)},
               std::move(request_stop), news) {
  network_.Publish(parameters, env_steps);
}

Bridge::~Bridge() {
  control_.Close("the run has ended");
  RemoveAddressFile();
  server_ = nullptr;
}

void Bridge::RemoveAddressFile() {
  if (address_file_.empty()) return;
  try {
    // Another daemon may have taken over the folder.
    if (files_->Read(address_file_) == AddressLine()) files_->Remove(address_file_);
  } catch (const std::system_error&) {
    // It then names an address that does not answer, which clients say as well.
  }
}

std::string Bridge::AddressLine() const {
  return server_->address() + "\n";
}

std::unique_ptr<Server> Bridge::MakeServer(const std::string& listen,
                                           const std::filesystem::path& run) {
  const Config& config = options_.config;
  return std::make_unique<Server>(
      ServerOptions{.listen = listen,
                    .insecure = config.server.insecure,
                    .access_folder = run / kAccessFolder,
                    .max_watchers = static_cast<int>(config.server.max_watchers),
                    .max_exhibitions = options_.max_exhibitions,
                    .program_version = DQND_VERSION},
      ServedRun{.control = control_,
                .policies = network_,
                .hub = hub_,
                .feed = feed_,
                .news = news_,
                .environment = config.environment,
                .exhibition_eps = config.evaluation.eps});
}

void Bridge::Listen(FileSystem& files, const std::filesystem::path& run, spdlog::logger& log) {
  const std::optional<std::string>& wanted = options_.config.server.listen;
  if (!wanted) return;
  const std::string& listen = *wanted;
  try {
    server_ = MakeServer(listen, run);
  } catch (const std::runtime_error& error) {
    if (!IsLoopbackPort(listen)) throw;
    server_ = MakeServer(listen.substr(0, listen.rfind(':')) + ":0", run);
    log.info("{} is taken; clients find this run at {}", listen, server_->address());
  }
  if (!options_.write_address) return;
  try {
    WriteFileAtomically(files, run / kAddressFile, AddressLine());
  } catch (const std::system_error& error) {
    log.warn("{}; clients find this run at {}", error.what(), server_->address());
    return;
  }
  files_ = &files;
  address_file_ = run / kAddressFile;
}

std::string Bridge::link() const {
  if (server_ == nullptr) return "";
  return OthersReadStandardOutput() ? server_->address() : server_->LinkWithToken(true);
}

}  // namespace dqnd
