#include "env_bridge/rpc/health_check.h"

#include <memory>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "env_bridge/rpc/certificate.h"

namespace dqnd {
namespace {

// HealthCheckResponse{status: SERVING}.
constexpr std::string_view kServing = "\x08\x01";

// HOST:PORT or unix:PATH; a daemon that listens on every address is asked on loopback.
std::string Target(std::string_view address) {
  constexpr std::string_view kScheme = "dqnd://";
  if (!address.starts_with(kScheme)) return std::string(address);
  address.remove_prefix(kScheme.size());
  std::string target(address.substr(0, address.find('?')));
  for (const auto& [any, loopback] :
       {std::pair{std::string_view("0.0.0.0:"), "127.0.0.1:"}, {"[::]:", "[::1]:"}}) {
    if (target.starts_with(any)) target.replace(0, any.size(), loopback);
  }
  return target;
}

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

std::string CheckHealth(const std::string& address, const std::filesystem::path& access_folder,
                        std::chrono::milliseconds timeout) {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  grpc::ChannelArguments arguments;
  if (address.find("fingerprint=") != std::string::npos) {
    grpc::SslCredentialsOptions trust;
    trust.pem_root_certs = FindOrMakeCertificate(access_folder).certificate_pem;
    credentials = grpc::SslCredentials(trust);
    arguments.SetSslTargetNameOverride("dqnd");
  }
  grpc::GenericStub stub(grpc::CreateCustomChannel(Target(address), credentials, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return fmt::format("{} does not answer: {}", address, status.error_message());
  if (Bytes(response) != kServing) return address + " answers that it does not serve";
  return "";
}

}  // namespace dqnd
