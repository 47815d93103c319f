#include "model/json_fields.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

constexpr int kMaxDepth = 64;

// True where brackets outside strings nest deeper than the limit. A text that is no JSON may be misjudged; it fails anyway.
bool NestsTooDeep(absl::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text, absl::string_view name) {
  if (NestsTooDeep(text)) {
    return absl::DataLossError(absl::StrCat(name, ": nested deeper than ", kMaxDepth));
  }
  Json document = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return absl::DataLossError(absl::StrCat(name, ": not JSON"));
  return document;
}

absl::StatusOr<JsonFields> JsonFields::Of(const Json& value, std::string path) {
  if (!value.is_object()) {
    return absl::DataLossError(
        absl::StrCat(path.empty() ? "the document" : path, ": not an object"));
  }
  return JsonFields(value, std::move(path));
}

std::string JsonFields::PathOf(absl::string_view key) const {
  return path_.empty() ? std::string(key) : absl::StrCat(path_, ".", key);
}

const Json* JsonFields::Find(absl::string_view key) const {
  const auto found = object_->find(std::string(key));
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

absl::Status JsonFields::WrongType(absl::string_view key, absl::string_view expected) const {
  return absl::DataLossError(absl::StrCat(PathOf(key), ": not ", expected));
}

absl::StatusOr<const Json*> JsonFields::Required(absl::string_view key) const {
  const Json* value = Find(key);
  if (value == nullptr) return absl::DataLossError(absl::StrCat(PathOf(key), ": missing"));
  return value;
}

absl::StatusOr<int64_t> JsonFields::Integer(absl::string_view key, int64_t min, int64_t max) const {
  ASSAY_ASSIGN_OR_RETURN(const Json* value, Required(key));
  return ToInteger(*value, PathOf(key), min, max);
}

absl::StatusOr<int64_t> JsonFields::IntegerOr(absl::string_view key, int64_t fallback, int64_t min,
                                              int64_t max) const {
  return Has(key) ? Integer(key, min, max) : fallback;
}

absl::StatusOr<double> JsonFields::Number(absl::string_view key, double min, double max) const {
  ASSAY_ASSIGN_OR_RETURN(const Json* value, Required(key));
  if (!value->is_number()) return WrongType(key, "a number");
  const double number = value->get<double>();
  if (!(number >= min && number <= max)) {
    return absl::DataLossError(
        absl::StrCat(PathOf(key), ": ", number, " is outside ", min, "..", max));
  }
  return number;
}

absl::StatusOr<double> JsonFields::NumberOr(absl::string_view key, double fallback, double min,
                                            double max) const {
  return Has(key) ? Number(key, min, max) : fallback;
}

absl::StatusOr<std::string> JsonFields::String(absl::string_view key) const {
  ASSAY_ASSIGN_OR_RETURN(const Json* value, Required(key));
  if (!value->is_string()) return WrongType(key, "a string");
  return value->get_ref<const std::string&>();
}

absl::StatusOr<JsonFields> JsonFields::Object(absl::string_view key) const {
  ASSAY_ASSIGN_OR_RETURN(const Json* value, Required(key));
  return Of(*value, PathOf(key));
}

absl::StatusOr<const Json*> JsonFields::Array(absl::string_view key) const {
  ASSAY_ASSIGN_OR_RETURN(const Json* value, Required(key));
  if (!value->is_array()) return WrongType(key, "an array");
  return value;
}

absl::StatusOr<bool> JsonFields::Bool(absl::string_view key) const {
  ASSAY_ASSIGN_OR_RETURN(const Json* value, Required(key));
  if (!value->is_boolean()) return WrongType(key, "true or false");
  return value->get<bool>();
}

absl::StatusOr<bool> JsonFields::BoolOr(absl::string_view key, bool fallback) const {
  return Has(key) ? Bool(key) : fallback;
}

absl::StatusOr<int64_t> ToInteger(const Json& value, const std::string& path, int64_t min,
                                  int64_t max) {
  if (!value.is_number_integer())
    return absl::DataLossError(absl::StrCat(path, ": not an integer"));
  const bool too_large =
      value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const int64_t number = too_large ? std::numeric_limits<int64_t>::max() : value.get<int64_t>();
  if (too_large || number < min || number > max) {
    return absl::DataLossError(absl::StrCat(path, ": outside ", min, "..", max));
  }
  return number;
}

}  // namespace assay
