/* What the processor can do with sums of packets in GF(2^8), in C: the measure of package coding/gf. */
#include <stddef.h>
#include <stdint.h>

/* job is n results, each the sum of k sources of size bytes with the coefficients in its row. If coefs is not null, it
 * is instead one result to which one source times coefs[next], of 256, is added, with another coefficient each time. */
typedef struct {
	uint8_t **dsts, **srcs, **rows;
	int n, k;
	size_t size;
	const uint8_t *coefs;
	uint8_t next;
	uint8_t *tables; /* of ISA-L: 32 bytes for each coefficient */
} job;

int limit_ways(const job *j);                  /* how many ways there are to do a job */
void limit_run(job *j, int way, long times);   /* does it, so often */
void isal_run(job *j, long times);             /* does it with ISA-L */
void isal_prepare(job *j);                     /* makes the tables of rows, which ISA-L expects to be made once */
