#include "env_bridge/remote/worker_stream.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "dqnd/v1/environment.grpc.pb.h"

namespace dqnd {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr const char* kNameInCertificates = "dqnd";  // whatever the host
constexpr int kLargestMessage = 1 << 30;             // bytes
constexpr int kKeepaliveIntervalMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;

// What gRPC's queue gives back when an operation is over; there is one at a time.
void* const kOperation = reinterpret_cast<void*>(1);

std::string ReadFile(const std::string& folder, const char* name) {
  const std::string path = folder + "/" + name;
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  text.erase(text.find_last_not_of(" \r\n") + 1);
  if (!text.empty()) return text;
  throw std::invalid_argument(fmt::format(
      "{} cannot be read or is empty; environment.worker_access must be a folder with the files "
      "token and certificate.pem of `dqnd-env serve`",
      path));
}

grpc::ChannelArguments UsualArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  arguments.SetMaxSendMessageSize(kLargestMessage);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveIntervalMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  // Groups of games do not wait for each other's messages.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return arguments;
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address, const std::string& access) {
  grpc::ChannelArguments arguments = UsualArguments();
  if (address.starts_with(kUnix)) {
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }
  arguments.SetSslTargetNameOverride(kNameInCertificates);
  grpc::SslCredentialsOptions credentials;
  credentials.pem_root_certs = ReadFile(access, "certificate.pem");
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(credentials), arguments);
}

void CheckAddress(const std::string& address, const std::string& access) {
  if (address.starts_with(kUnix)) {
    if (address.size() > kUnix.size()) return;
  } else if (const size_t colon = address.rfind(':');
             colon != std::string::npos && colon > 0 && colon + 1 < address.size() &&
             address.find_first_not_of("0123456789", colon + 1) == std::string::npos) {
    if (!access.empty()) return;
    throw std::invalid_argument(
        fmt::format("the worker at {} wants a token and shows a certificate; set "
                    "environment.worker_access to a folder with both, which `dqnd-env serve` makes",
                    address));
  }
  throw std::invalid_argument(
      fmt::format("environment.id is \"remote:{}\"; write remote:HOST:PORT or remote:unix:PATH, "
                  "where a `dqnd-env serve` listens",
                  address));
}

// A worker with another token, contract or purpose answers the same tomorrow.
bool IsFinal(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
         status.error_code() == grpc::StatusCode::UNIMPLEMENTED ||
         status.error_code() == grpc::StatusCode::INVALID_ARGUMENT;
}

}  // namespace

// One stream; every operation is waited for before the next begins.
struct WorkerStream::Call {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::PlayGamesRequest, v1::PlayGamesResponse>>
      stream;

  ~Call() {
    context.TryCancel();
    queue.Shutdown();
    void* tag = nullptr;
    for (bool ok = false; queue.Next(&tag, &ok);) {
    }
  }

  // Whether the operation under way succeeded. One that is not over when `patience` is has not, and
  // the stream is cancelled then.
  bool Wait(Patience patience) {
    void* tag = nullptr;
    bool ok = false;
    while (queue.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + Patience::kLook) !=
           grpc::CompletionQueue::GOT_EVENT) {
      if (!patience.IsOver()) continue;
      context.TryCancel();
      queue.Next(&tag, &ok);
      return false;
    }
    return ok;
  }

  // How the stream ended. REQUIRES: it has, and no operation is under way.
  grpc::Status Finish() {
    grpc::Status status;
    stream->Finish(&status, kOperation);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }
};

WorkerStream::WorkerStream(const std::string& address, const std::string& access,
                           std::stop_token give_up)
    : address_(address), give_up_(std::move(give_up)) {
  CheckAddress(address, access);
  gpr_set_log_function([](gpr_log_func_args*) {});  // what goes wrong is in our own messages
  if (!address.starts_with(kUnix)) token_ = ReadFile(access, "token");
  channel_ = MakeChannel(address, access);
  if (Begin(/*wait=*/true)) return;
  if (!Begin(/*wait=*/false)) Lose();  // which fails at once, and knows why
}

WorkerStream::~WorkerStream() = default;

// Whether the worker can be reached: now, or within the time that it is waited for.
bool WorkerStream::Begin(bool wait) {
  call_ = std::make_unique<Call>();
  call_->context.set_wait_for_ready(wait);
  if (!token_.empty()) call_->context.AddMetadata("authorization", "Bearer " + token_);
  const auto stub = v1::EnvironmentService::NewStub(channel_);
  call_->stream = stub->AsyncPlayGames(&call_->context, &call_->queue, kOperation);
  return Wait(Clock::now() + kConnectTimeout);
}

bool WorkerStream::Wait(Clock::time_point deadline) {
  return call_->Wait(Patience(deadline, give_up_));
}

void WorkerStream::Send(const v1::PlayGamesRequest& request) {
  call_->stream->Write(request, kOperation);
  // A worker that takes nothing for so long is as good as gone.
  if (!Wait(Clock::now() + kConnectTimeout)) Lose();
}

void WorkerStream::Receive(v1::PlayGamesResponse& response, Clock::time_point deadline) {
  call_->stream->Read(&response, kOperation);
  if (!Wait(deadline)) Lose();
}

void WorkerStream::Lose() {
  const grpc::Status status = call_->Finish();
  std::string said = status.error_message();
  std::ranges::replace_if(said, [](unsigned char c) { return c < ' '; }, ' ');
  const bool late = status.error_code() == grpc::StatusCode::CANCELLED;
  const std::string how = status.ok() ? "it ended the stream"
                          : late      ? "it did not answer in time"
                                      : said;
  // gRPC does not say what was wrong with a certificate.
  const bool unreached = status.error_code() == grpc::StatusCode::UNAVAILABLE && !token_.empty();
  const std::string what = fmt::format(
      "the worker at {}: {}{}", address_, how,
      unreached ? "; it must listen there, and environment.worker_access hold its certificate.pem"
                : "");
  if (IsFinal(status)) throw std::invalid_argument(what);
  throw WorkerLost(what);
}

}  // namespace dqnd
