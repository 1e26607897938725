#include "viewer/client/connection.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "dqnd/v1/run.grpc.pb.h"
#include "viewer/client/handshake.h"
#include "viewer/client/server_probe.h"

namespace dqnd {
namespace {

using Kind = ConnectionError::Kind;

constexpr int kMaxMessageBytes = 16 << 20;
constexpr int kKeepaliveIntervalMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
// In the certificates that dqnd makes; for those of others that name no host.
constexpr const char* kUsualDnsName = "dqnd";

std::string OneLine(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return text;
}

void CheckCertificate(const Address& address, const ProbedServer& server) {
  if (!server.certificate.has_value()) {
    if (!address.is_tls()) return;
    throw ConnectionError(
        Kind::kPlainText,
        fmt::format("{} speaks plain text, but the fingerprint in its link promises TLS: nothing "
                    "was sent; ask for the link that the daemon prints now",
                    address.Place()));
  }
  const std::string& shown = server.certificate->fingerprint;
  if (!address.is_tls()) {
    throw ConnectionError(
        Kind::kUnconfirmedCertificate,
        fmt::format("{} speaks TLS; compare its fingerprint sha256:{} with the one that the daemon "
                    "printed, and add it to the address",
                    address.Place(), shown),
        shown);
  }
  if (shown != address.fingerprint) {
    throw ConnectionError(
        Kind::kOtherCertificate,
        fmt::format("{} shows another certificate: sha256:{}, expected sha256:{}; nothing was "
                    "sent. It is another daemon, somebody in between, or a certificate made anew",
                    address.Place(), shown, address.fingerprint),
        shown);
  }
}

// By number, so that nobody asks a name server again and gets another answer.
std::string TargetOf(const std::string& ip, int port) {
  return ip.find(':') == std::string::npos ? fmt::format("ipv4:{}:{}", ip, port)
                                           : fmt::format("ipv6:%5B{}%5D:{}", ip, port);
}

grpc::ChannelArguments UsualArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveIntervalMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A connection that failed for another channel must not delay this one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return arguments;
}

void CheckSocket(const Address& address) {
  std::error_code error;
  if (std::filesystem::is_socket(address.unix_path, error)) return;
  throw ConnectionError(Kind::kRefused,
                        fmt::format("{} is no socket: no daemon listens there", address.Place()));
}

std::shared_ptr<grpc::Channel> MakeChannel(const Address& address, const ConnectionOptions& options,
                                           const std::stop_token& stop) {
  grpc::ChannelArguments arguments = UsualArguments();
  if (address.is_unix()) {
    CheckSocket(address);
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    return grpc::CreateCustomChannel("unix:" + address.unix_path,
                                     grpc::InsecureChannelCredentials(), arguments);
  }
  const ProbedServer server = ProbeServer(address, options.connect_timeout, stop);
  CheckCertificate(address, server);
  const std::string target = TargetOf(server.ip, address.port);
  if (!address.is_tls()) {
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, address.Place());
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  }
  const auto& certificate = server.certificate.value();  // checked above
  const std::string& name = certificate.dns_name;
  arguments.SetSslTargetNameOverride(name.empty() ? kUsualDnsName : name);
  grpc::SslCredentialsOptions credentials;
  credentials.pem_root_certs = certificate.pem;
  return grpc::CreateCustomChannel(target, grpc::SslCredentials(credentials), arguments);
}

void IgnoreBrokenPipes() {
#ifdef SIGPIPE
  static const bool done = [] {
    const auto handler = std::signal(SIGPIPE, SIG_IGN);
    if (handler != SIG_DFL && handler != SIG_ERR) std::signal(SIGPIPE, handler);
    return true;
  }();
  (void)done;
#endif
}

}  // namespace

Connection::Connection(Address address, const ConnectionOptions& options,
                       const std::stop_token& stop)
    : address_(std::move(address)), options_(options) {
  IgnoreBrokenPipes();
  channel_ = MakeChannel(address_, options_, stop);
}

Connection::~Connection() = default;

void Connection::AddToken(grpc::ClientContext& context) const {
  if (address_.token.empty()) return;
  context.AddMetadata("authorization", "Bearer " + address_.token);
}

ConnectionError Connection::ErrorOf(const grpc::Status& status) const {
  const std::string place = address_.Place();
  const std::string said = OneLine(status.error_message());
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
    case grpc::StatusCode::CANCELLED:
      return {Kind::kLost, fmt::format("{} ended the conversation", place)};
    case grpc::StatusCode::UNAUTHENTICATED:
      if (address_.token.empty()) {
        return {Kind::kUnauthenticated,
                fmt::format("{} wants a token: use the dqnd:// link that the daemon printed, or "
                            "its run directory",
                            place)};
      }
      return {Kind::kUnauthenticated,
              fmt::format("{} does not know this token: use the dqnd:// link that the daemon "
                          "printed last, or its run directory",
                          place)};
    case grpc::StatusCode::PERMISSION_DENIED:
      return {Kind::kReadOnly,
              fmt::format("this token for {} is read-only: controlling the run needs the one in "
                          "access/control_token of its run directory",
                          place)};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {Kind::kOtherContract,
              fmt::format("{} is no dqnd daemon, or one of another contract version (this program "
                          "speaks dqnd.v1, revision {}): use the programs of the daemon's version",
                          place, kContractRevision)};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {Kind::kTimeout, fmt::format("{} did not answer in time", place)};
    case grpc::StatusCode::UNAVAILABLE:
      return {Kind::kLost, fmt::format("{} cannot be reached: {}", place, said)};
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ABORTED:
      return {Kind::kRejected, said};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {Kind::kLost, fmt::format("{} declined for now: {}", place, said)};
    default:
      return {Kind::kLost, fmt::format("{} failed: {}", place, said)};
  }
}

template <typename Response, typename Request, typename Method>
Response Connection::Call(Method method, const Request& request, std::chrono::milliseconds timeout,
                          const std::stop_token& stop) {
  if (stop.stop_requested()) throw ConnectionError(Kind::kCancelled, "given up");
  grpc::ClientContext context;
  AddToken(context);
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  const std::unique_ptr<v1::RunService::Stub> stub = v1::RunService::NewStub(channel_);
  Response response;
  const grpc::Status status = (*stub.*method)(&context, request, &response);
  if (stop.stop_requested()) throw ConnectionError(Kind::kCancelled, "given up");
  if (!status.ok()) throw ErrorOf(status);
  return response;
}

v1::GetRunResponse Connection::GetRun(const std::stop_token& stop) {
  v1::GetRunRequest request;
  request.set_contract_revision(kContractRevision);
  return Call<v1::GetRunResponse>(&v1::RunService::Stub::GetRun, request, options_.call_timeout,
                                  stop);
}

v1::PauseResponse Connection::Pause(const std::stop_token& stop) {
  return Call<v1::PauseResponse>(&v1::RunService::Stub::Pause, v1::PauseRequest(),
                                 options_.long_call_timeout, stop);
}

v1::ResumeResponse Connection::Resume(const std::stop_token& stop) {
  return Call<v1::ResumeResponse>(&v1::RunService::Stub::Resume, v1::ResumeRequest(),
                                  options_.long_call_timeout, stop);
}

v1::StepResponse Connection::Step(int64_t cycles, const std::stop_token& stop) {
  v1::StepRequest request;
  request.set_cycles(cycles);
  return Call<v1::StepResponse>(&v1::RunService::Stub::Step, request, options_.long_call_timeout,
                                stop);
}

v1::CheckpointResponse Connection::Checkpoint(const std::stop_token& stop) {
  return Call<v1::CheckpointResponse>(&v1::RunService::Stub::Checkpoint, v1::CheckpointRequest(),
                                      options_.long_call_timeout, stop);
}

v1::StopResponse Connection::Stop(const std::stop_token& stop) {
  return Call<v1::StopResponse>(&v1::RunService::Stub::Stop, v1::StopRequest(),
                                options_.long_call_timeout, stop);
}

v1::ListMetricsResponse Connection::ListMetrics(const std::stop_token& stop) {
  return Call<v1::ListMetricsResponse>(&v1::RunService::Stub::ListMetrics, v1::ListMetricsRequest(),
                                       options_.call_timeout, stop);
}

}  // namespace dqnd
