#pragma once

#include <filesystem>
#include <string>

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

}  // namespace dqnd
