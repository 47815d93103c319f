// server/flow.h
// Whose work a piece of work is, and how urgent: what queues share devices and threads by;
// and what its caller does where there is no room.
#ifndef ASSAY_SERVER_FLOW_H_
#define ASSAY_SERVER_FLOW_H_

#include <string>

namespace assay {

// Of one tenant's work, bulk yields to interactive.
enum class Priority { kInteractive, kBulk };

struct Flow {
  std::string tenant = "default";  // Tenants share evenly.
  Priority priority = Priority::kInteractive;
};

// What to do with a request for which there is no room.
enum class OnFull {
  kRefuse,
  kWait,  // Take it all the same: its caller stops sending until there is room.
};

}  // namespace assay

#endif  // ASSAY_SERVER_FLOW_H_
