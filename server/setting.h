// server/setting.h
// One option as the server runs with it, for the log, GetModel and the status page.
#ifndef ASSAY_SERVER_SETTING_H_
#define ASSAY_SERVER_SETTING_H_

#include <string>

namespace assay {

struct Setting {
  std::string name;   // As in the configuration file: "max_batch_tokens".
  std::string value;  // As the configuration file would have it; a text without quotes.
  std::string source = "default";  // "default", "file", "environment" or "flag".
};

}  // namespace assay

#endif  // ASSAY_SERVER_SETTING_H_
