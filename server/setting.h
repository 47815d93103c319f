// server/setting.h
// One setting as it is in force, for whoever shows it to a person. Plain struct, no behaviour.
#ifndef ASSAY_SERVER_SETTING_H_
#define ASSAY_SERVER_SETTING_H_

#include <string>

namespace assay {

struct Setting {
  std::string name;    // As in the configuration file: "max_batch_tokens".
  std::string value;   // As it would be written there.
  std::string source;  // "default", "file", "environment" or "flag".
};

}  // namespace assay

#endif  // ASSAY_SERVER_SETTING_H_
