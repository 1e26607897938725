#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dqnd {

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
