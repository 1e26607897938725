#include "env_bridge/rpc/server.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "env_bridge/rpc/access.h"
#include "env_bridge/rpc/admission.h"
#include "env_bridge/rpc/certificate.h"
#include "env_bridge/rpc/exhibition_service.h"
#include "env_bridge/rpc/run_service.h"
#include "env_bridge/rpc/stream_service.h"

namespace dqnd {
namespace {

constexpr int kLargestRequestBytes = 64 << 10;
constexpr int kStreamsPerConnection = 32;
constexpr size_t kServerMemoryBytes = size_t{256} << 20;
constexpr int kServerThreads = 16;
constexpr std::chrono::milliseconds kGrace{500};

constexpr std::string_view kUnix = "unix:";

struct Address {
  bool is_unix = false;
  std::string path;  // of a Unix socket
  std::string host;
  int port = 0;

  std::string Text() const { return is_unix ? std::string(kUnix) + path : HostPort(); }
  std::string HostPort() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
  }
  // Whether only this machine reaches it.
  bool is_local() const {
    return is_unix || host == "localhost" || host == "::1" || host.starts_with("127.");
  }
};

Address Parse(const std::string& listen) {
  const auto wrong = [&](const std::string& why) {
    return std::invalid_argument(fmt::format(
        "server.listen is '{}': {}; write HOST:PORT (127.0.0.1:50051, port 0 takes a free one), "
        "[::1]:PORT, or unix:PATH",
        listen, why));
  };
  if (listen == kUnix) throw wrong("the path is missing");
  if (listen.starts_with(kUnix)) {
    Address address{.is_unix = true,
                    .path = std::filesystem::absolute(listen.substr(kUnix.size())).string(),
                    .host = {},
                    .port = 0};
    constexpr size_t kLongest = sizeof(sockaddr_un{}.sun_path) - 1;
    if (address.path.size() > kLongest) {
      throw wrong(fmt::format("the path has {} bytes, and a socket's may have {}",
                              address.path.size(), kLongest));
    }
    return address;
  }
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) throw wrong("the port is missing");
  Address address{.is_unix = false, .path = {}, .host = listen.substr(0, colon), .port = 0};
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    throw wrong("an IPv6 address stands in brackets");
  }
  if (address.host.empty()) throw wrong("the host is missing (0.0.0.0 is every address)");
  const std::string port = listen.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(port) > 65535) throw wrong("a port is a number from 0 to 65535");
  address.port = std::stoi(port);
  return address;
}

std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const Certificate& certificate) {
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({certificate.key_pem, certificate.certificate_pem});
  return grpc::SslServerCredentials(options);
}

void SetLimits(grpc::ServerBuilder& builder, const ServerOptions& options) {
  builder.SetMaxReceiveMessageSize(kLargestRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  // A port that another process listens on is taken.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.silence.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             static_cast<int>(options.answer_within.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no limit
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  grpc::ResourceQuota quota("dqnd");
  quota.Resize(kServerMemoryBytes);
  quota.SetMaxThreads(kServerThreads);
  builder.SetResourceQuota(quota);
}

// Removes the socket that a daemon which was killed left behind. Throws when something else lies
// there, or somebody listens on it.
void RemoveStaleSocket(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) {
    throw std::invalid_argument(fmt::format(
        "server.listen is unix:{}, and a file that is no socket lies there; choose another path",
        path));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) throw std::system_error(errno, std::generic_category(), "socket");
  const bool alive = connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  if (alive) {
    throw std::runtime_error(fmt::format(
        "cannot listen on unix:{} (server.listen): another process listens there", path));
  }
  std::filesystem::remove(path);
}

// A new socket file is made with mode 0600 while it lives.
class PrivateFiles {
 public:
  PrivateFiles() : before_(umask(0177)) {}
  ~PrivateFiles() { umask(before_); }
  PrivateFiles(const PrivateFiles&) = delete;
  PrivateFiles& operator=(const PrivateFiles&) = delete;

 private:
  const mode_t before_;
};

}  // namespace

struct Server::Services {
  Services(const ServerOptions& options, const ServedRun& run, const Tokens& tokens)
      : access(tokens.control, tokens.read_only),
        admission(access, options.calls_per_second),
        runs({.admission = admission,
              .control = run.control,
              .feed = run.feed,
              .watchers = watchers,
              .program_version = options.program_version}),
        streams({.admission = admission,
                 .control = run.control,
                 .feed = run.feed,
                 .hub = run.hub,
                 .policies = run.policies,
                 .news = run.news,
                 .watchers = watchers,
                 .most_watchers = options.max_watchers,
                 .longest_write = options.longest_write}),
        exhibitions({.admission = admission,
                     .policies = run.policies,
                     .environment = run.environment,
                     .eps = run.exhibition_eps,
                     .watchers = watchers,
                     .most_watchers = options.max_watchers,
                     .longest_write = options.longest_write,
                     .most_exhibitions = options.max_exhibitions}) {}

  const Access access;
  Admission admission;
  std::atomic<int> watchers = 0;
  RunServiceImpl runs;
  StreamServiceImpl streams;
  ExhibitionServiceImpl exhibitions;
  std::unique_ptr<grpc::Server> server;
};

Server::Server(const ServerOptions& options, const ServedRun& run) {
  Address address = Parse(options.listen);
  const Tokens tokens = FindOrMakeTokens(options.access_folder);
  control_token_ = tokens.control;
  read_only_token_ = tokens.read_only;
  services_ = std::make_unique<Services>(options, run, tokens);

  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  std::string fingerprint;
  if (!address.is_local() && !options.insecure) {
    const Certificate certificate = FindOrMakeCertificate(options.access_folder);
    credentials = TlsCredentials(certificate);
    fingerprint = "?fingerprint=" + Fingerprint(certificate.certificate_pem);
  }
  // What goes wrong is said by our own exceptions and by the calls' status.
  gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(builder, options);
  builder.RegisterService(&services_->runs);
  builder.RegisterService(&services_->streams);
  builder.RegisterService(&services_->exhibitions);
  int port = 0;
  builder.AddListeningPort(address.Text(), credentials, &port);
  {
    std::optional<PrivateFiles> private_socket;
    if (address.is_unix) {
      RemoveStaleSocket(address.path);
      private_socket.emplace();
    }
    services_->server = builder.BuildAndStart();
  }
  if (services_->server == nullptr || (!address.is_unix && port == 0)) {
    services_->streams.Close();
    throw std::runtime_error(fmt::format(
        "cannot listen on {} (server.listen): the address is taken or not one of this machine's; "
        "port 0 takes a free one",
        address.Text()));
  }
  if (!address.is_unix) address.port = port;
  address_ = address.is_unix ? address.Text() : "dqnd://" + address.HostPort() + fingerprint;
}

Server::~Server() {
  if (services_ == nullptr || services_->server == nullptr) return;
  services_->streams.Close();
  services_->exhibitions.Close();
  services_->server->Shutdown(std::chrono::system_clock::now() + kGrace);
  services_->server->Wait();
}

std::string Server::LinkWithToken(bool control) const {
  if (address_.starts_with(kUnix)) return address_;
  return fmt::format("{}{}token={}", address_, address_.find('?') == std::string::npos ? '?' : '&',
                     control ? control_token_ : read_only_token_);
}

}  // namespace dqnd
