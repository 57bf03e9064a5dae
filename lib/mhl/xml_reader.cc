#include "lib/mhl/xml_reader.h"

#include <expat.h>

#include <algorithm>
#include <memory>

#include "lib/base/status.h"
#include "lib/mhl/manifest.h"

namespace crossdock::mhl {
namespace {

// Between a namespace and a name in what expat tells: no URI holds it.
constexpr XML_Char kSeparator = '\n';
constexpr size_t kShownMax = 100;  // of a foreign name, bytes

bool IsWhiteSpace(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class Reading {
 public:
  Reading(std::string_view name_space, std::string_view origin, XmlHandler& handler, const XmlLimits& limits)
      : prefix_(base::StrCat(name_space, "\n")),
        origin_(origin),
        handler_(handler),
        limits_(limits),
        parser_(XML_ParserCreateNS("UTF-8", kSeparator), XML_ParserFree) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(),
        [](void* self, const XML_Char* name, const XML_Char** attributes) { Of(self).Start(name, attributes); },
        [](void* self, const XML_Char*) { Of(self).End(); });
    XML_SetCharacterDataHandler(parser_.get(), [](void* self, const XML_Char* text, int size) {
      Of(self).Text({text, size_t(size)});
    });
    XML_SetStartDoctypeDeclHandler(
        parser_.get(), [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
          Of(self).Fail(
              base::WithReason(base::InvalidArgument("a document type or entities are not taken"), kReasonXmlDtd));
        });
  }

  absl::Status Run(std::string_view document) {
    if (document.size() > limits_.size_max) {
      return base::WithReason(
          base::InvalidArgument(origin_, " has ", document.size(), " bytes, more than ", limits_.size_max),
          kReasonTooLarge);
    }
    constexpr size_t kPiece = 1u << 20;
    // What the parser holds back is one piece of markup that has not ended; it looks at all of it again each time.
    constexpr size_t kMarkupMax = 2 * kPiece;
    size_t given = 0;
    do {
      const std::string_view piece = document.substr(0, kPiece);
      document.remove_prefix(piece.size());
      const auto result = XML_Parse(parser_.get(), piece.data(), static_cast<int>(piece.size()), document.empty());
      if (!status_.ok()) return status_;
      if (result != XML_STATUS_OK) {
        Fail(base::WithReason(base::InvalidArgument(XML_ErrorString(XML_GetErrorCode(parser_.get()))), kReasonXml));
        return status_;
      }
      given += piece.size();
      if (given - static_cast<size_t>(XML_GetCurrentByteIndex(parser_.get())) > kMarkupMax + kPiece) {
        Fail(base::WithReason(base::InvalidArgument("a piece of markup is too long"), kReasonTooLarge));
        return status_;
      }
    } while (!document.empty());
    return absl::OkStatus();
  }

 private:
  static Reading& Of(void* self) { return *static_cast<Reading*>(self); }

  void Fail(const absl::Status& status) {
    if (!status_.ok()) return;
    status_ = base::Annotate(status, base::StrCat(origin_, ":", XML_GetCurrentLineNumber(parser_.get())));
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  std::string LocalName(std::string_view name) const {
    if (name.starts_with(prefix_)) return std::string(name.substr(prefix_.size()));
    // It may be shown.
    return base::StrCat("}", base::PercentEscape(name.substr(0, kShownMax)));
  }

  void Start(const XML_Char* name, const XML_Char** attributes) {
    if (!status_.ok()) return;
    if (static_cast<int>(open_.size()) >= limits_.depth_max) {
      return Fail(base::WithReason(base::InvalidArgument("elements stand too deep in one another"), kReasonTooLarge));
    }
    // The white space between elements is no text; there may be any amount of it.
    if (!open_.empty() && IsWhiteSpace(open_.back().second)) open_.back().second.clear();
    XmlHandler::Attributes list;
    for (; *attributes != nullptr; attributes += 2) {
      const std::string_view key = attributes[0];
      if (key.find(kSeparator) == std::string_view::npos) list.emplace_back(key, attributes[1]);
    }
    open_.push_back({LocalName(name), {}});
    if (const absl::Status status = handler_.Start(open_.back().first, list); !status.ok()) Fail(status);
  }

  void Text(std::string_view text) {
    if (!status_.ok() || open_.empty()) return;
    std::string& all = open_.back().second;
    if (all.size() + text.size() > limits_.text_size_max) {
      return Fail(base::WithReason(base::InvalidArgument("the text of '", open_.back().first, "' is too long"),
                                   kReasonTooLarge));
    }
    all += text;
  }

  void End() {
    if (!status_.ok()) return;
    const auto element = std::move(open_.back());
    open_.pop_back();
    if (const absl::Status status = handler_.End(element.first, element.second); !status.ok()) Fail(status);
  }

  const std::string prefix_;
  const std::string origin_;
  XmlHandler& handler_;
  const XmlLimits limits_;
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser_;
  std::vector<std::pair<std::string, std::string>> open_;  // name, text so far
  absl::Status status_;
};

}  // namespace

std::string ForeignName(std::string_view name_space, std::string_view name) {
  return base::StrCat("}", base::PercentEscape(base::StrCat(name_space, "\n", name)));
}

absl::Status ReadXml(std::string_view document, std::string_view name_space, std::string_view origin,
                     XmlHandler& handler, const XmlLimits& limits) {
  return Reading(name_space, origin, handler, limits).Run(document);
}

}  // namespace crossdock::mhl
