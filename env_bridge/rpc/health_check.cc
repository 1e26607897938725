#include "env_bridge/rpc/health_check.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

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

// The value of fingerprint= in an address; empty in plain text.
std::string FingerprintIn(const std::string& address) {
  constexpr std::string_view kName = "fingerprint=";
  const size_t at = address.find(kName);
  if (at == std::string::npos) return "";
  const size_t begin = at + kName.size();
  return address.substr(begin, address.find('&', begin) - begin);
}

// Takes the certificate with one fingerprint, whoever made it, and no other. The file in the run
// directory would not do: dqnd cert may have made another since the daemon began.
class FingerprintVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit FingerprintVerifier(std::string wanted) : wanted_(std::move(wanted)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* status) override {
    const grpc::string_ref pem = request->peer_cert();
    std::string shown = "none that can be read";
    try {
      shown = Fingerprint(std::string_view(pem.data(), pem.size()));
    } catch (const std::runtime_error&) {
      // Then it is another, whatever it is.
    }
    if (shown != wanted_) {
      *status = {grpc::StatusCode::UNAUTHENTICATED,
                 fmt::format("it shows another certificate: {}, expected {}", shown, wanted_)};
    }
    return true;  // decided now
  }

  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  const std::string wanted_;
};

std::shared_ptr<grpc::ChannelCredentials> CredentialsFor(const std::string& fingerprint) {
  if (fingerprint.empty()) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);  // authorities and names say nothing of it
  options.set_check_call_host(false);
#ifndef __clang_analyzer__  // it takes what gRPC owns for a leak, in a header of gRPC's
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<FingerprintVerifier>(fingerprint));
#endif
  return grpc::experimental::TlsCredentials(options);
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

std::string CheckHealth(const std::string& address, std::chrono::milliseconds timeout) {
  // What goes wrong is said by our own sentence.
  gpr_set_log_function([](gpr_log_func_args*) {});
  grpc::GenericStub stub(
      grpc::CreateChannel(Target(address), CredentialsFor(FingerprintIn(address))));
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
