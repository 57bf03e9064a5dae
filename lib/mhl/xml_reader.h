// A strict and bounded reader of XML: elements of one namespace, text, attributes; nothing else is let in.
//
// No DTD, hence no entities but the five of XML itself; UTF-8 alone. Depth, text and size are bounded. Pure;
// thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace crossdock::mhl {

struct XmlLimits {
  size_t size_max = 1u << 30;       // bytes of the document
  int depth_max = 32;               // elements in one another
  size_t text_size_max = 64 << 10;  // bytes of one element's text
};

// What the document holds, in its order. An error of a callback ends the reading, with the line put before it.
class XmlHandler {
 public:
  using Attributes = std::vector<std::pair<std::string, std::string>>;  // without those of other namespaces
  virtual ~XmlHandler() = default;
  // `name` is the local name of an element of the namespace; that of another is a ForeignName, cut at 100 bytes.
  virtual absl::Status Start(const std::string& name, const Attributes& attributes) = 0;
  // `text` is all text directly inside the element, as it stands.
  virtual absl::Status End(const std::string& name, const std::string& text) = 0;
};

// What an element of another namespace is called here.
std::string ForeignName(std::string_view name_space, std::string_view name);

// MHL_XML_INVALID, MHL_XML_DTD, MHL_TOO_LARGE, or an error of the handler's. `origin` stands before every complaint.
absl::Status ReadXml(std::string_view document, std::string_view name_space, std::string_view origin,
                     XmlHandler& handler, const XmlLimits& limits = {});

}  // namespace crossdock::mhl
