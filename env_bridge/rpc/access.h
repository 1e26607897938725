#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

namespace dqnd {

enum class Permission { kLook, kControl };

// Who may do what: a client on a Unix socket everything (the socket's mode says who can open it),
// any other what its token allows. Immutable.
class Access {
 public:
  // Tokens of at least 16 bytes.
  Access(std::string control_token, std::string read_only_token);

  // OK, UNAUTHENTICATED without a token or with an unknown one, or PERMISSION_DENIED with the
  // read-only token where control is needed.
  grpc::Status Check(const grpc::CallbackServerContext& context, Permission needed) const;

  // Whether the client's token allows control.
  bool MayControl(const grpc::CallbackServerContext& context) const {
    return Check(context, Permission::kControl).ok();
  }

 private:
  const std::string control_token_;
  const std::string read_only_token_;
};

// The two tokens of a run, in files control_token and read_only_token of `folder` (0700, the files
// 0600): those that are there, so that a client that reconnects after a restart is known, else new
// ones of 256 random bits. Throws std::system_error.
struct Tokens {
  std::string control;
  std::string read_only;
};
Tokens FindOrMakeTokens(const std::filesystem::path& folder);

// A certificate and its private key, in PEM.
struct Certificate {
  std::string certificate_pem;
  std::string key_pem;
};

// certificate.pem and key.pem of `folder`; makes a self-signed pair of `days` where none is.
// Throws std::system_error or std::runtime_error.
Certificate FindOrMakeCertificate(const std::filesystem::path& folder, int days = 3650);

// Makes a self-signed pair for the name `dqnd` (ECDSA on P-256) and writes it, over what was there.
Certificate MakeCertificate(const std::filesystem::path& folder, int days);

// "sha256:" and the hexadecimal SHA-256 of the certificate as DER. Throws std::runtime_error when
// it is no certificate.
std::string Fingerprint(std::string_view certificate_pem);

}  // namespace dqnd
