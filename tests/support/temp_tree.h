// A directory of a test's own, gone with it, and the few things that tests do in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace crossdock::test {

class TempTree {
 public:
  explicit TempTree(const std::string& above = std::filesystem::temp_directory_path()) {
    std::string pattern = above + "/crossdock-test-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~TempTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;

  const std::string& root() const { return root_; }
  std::string at(const std::string& path) const { return root_ + "/" + path; }
  void Write(const std::string& path, std::string_view content) const {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    std::ofstream(at(path), std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  std::string Read(const std::string& path) const {
    std::ifstream in(at(path), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  bool Exists(const std::string& path) const {
    return std::filesystem::exists(std::filesystem::symlink_status(at(path)));
  }

 private:
  std::string root_;
};

}  // namespace crossdock::test
