// A certificate authority for tests: makes P-256 certificates in every shape, also the wrong ones.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct x509_st;
struct evp_pkey_st;

namespace crossdock::testing {

// A directory that is gone at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct LeafOptions {
  std::vector<std::string> uris;
  std::chrono::seconds valid_from{-60};  // from now
  std::chrono::seconds valid_for{3600};  // from now
  const char* usage = "serverAuth,clientAuth";
};

struct Leaf {
  std::string chain_pem;  // leaf, then the CA
  std::string key_pem;
};

class TestCa {
 public:
  TestCa();
  ~TestCa();

  Leaf Issue(const LeafOptions& options) const;
  // Issues for one name and writes DIR/NAME.crt and DIR/NAME.key.
  void IssueTo(const TempDirectory& directory, const std::string& name, const std::string& uri) const;
  void WriteTo(const TempDirectory& directory, const std::string& name, const Leaf& leaf) const;
  std::string certificate_pem() const;
  std::string sha256() const;  // lower hex, of the DER

 private:
  std::unique_ptr<evp_pkey_st, void (*)(evp_pkey_st*)> key_;
  std::unique_ptr<x509_st, void (*)(x509_st*)> certificate_;
};

}  // namespace crossdock::testing
