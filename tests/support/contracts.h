// The methods of every service in every file below proto/, by reflection: what a test of all of them goes by.
#pragma once

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "crossdock/admin/v1/access.pb.h"
#include "crossdock/admin/v1/admin.pb.h"
#include "crossdock/agent/v1/session.pb.h"
#include "crossdock/studio/v1/approval.pb.h"
#include "crossdock/studio/v1/break_glass.pb.h"
#include "crossdock/studio/v1/event.pb.h"
#include "crossdock/studio/v1/transfer.pb.h"

namespace crossdock::testing {

// "/crossdock.studio.v1.EventService/PublishEvent"
inline std::string PathOf(const google::protobuf::MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

// Ordered by path. `source` is the tree's root. Throws std::runtime_error for a .proto that is not linked in: name one
// of its messages below.
inline std::vector<const google::protobuf::MethodDescriptor*> MethodsOfContracts(const std::string& source) {
  (void)studio::v1::Event::descriptor();
  (void)studio::v1::Transfer::descriptor();
  (void)studio::v1::ApprovalSubject::descriptor();
  (void)studio::v1::BreakGlass::descriptor();
  (void)admin::v1::Policy::descriptor();
  (void)admin::v1::RoleGrant::descriptor();
  (void)agent::v1::ConnectRequest::descriptor();
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  const std::filesystem::path root = source + "/proto";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".proto") continue;
    const std::string name = std::filesystem::relative(entry.path(), root).string();
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr) throw std::runtime_error(name + " is not linked into this test");
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
    }
  }
  std::sort(methods.begin(), methods.end(), [](const auto* a, const auto* b) { return PathOf(*a) < PathOf(*b); });
  return methods;
}

}  // namespace crossdock::testing
