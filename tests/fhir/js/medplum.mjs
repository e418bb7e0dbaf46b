// What a program does that is built on Medplum's client.
import assert from 'node:assert/strict';
import { MedplumClient, OperationOutcomeError } from '@medplum/core';
import { assertion, settings } from './smart.mjs';

const given = await settings();
const tokenUrl = `${given.base}/token`;
const medplum = new MedplumClient({
  baseUrl: new URL('/', given.base).href,
  fhirUrlPath: 'fhir/',
  tokenUrl,
  cacheTime: 0,
});
const person = (value, family) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:example:medplum', value }],
  name: [{ family, given: ['Văn', 'Thụ'] }],
  birthDate: '1958-03-02',
});
const refused = async (call) => {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof OperationOutcomeError, error);
    assert.ok(error.outcome.issue[0].details.coding[0].code);
    return error.outcome.issue[0].code;
  }
  return 'nothing';
};

await medplum.startJwtAssertionLogin(assertion(given, tokenUrl));
assert.ok(medplum.getAccessToken());
const statement = await medplum.get(medplum.fhirUrl('metadata'));
assert.equal(statement.resourceType, 'CapabilityStatement');

const made = await medplum.createResource(person('1', 'Vi'));
assert.equal(made.meta.versionId, '1');
const same = await medplum.createResourceIfNoneExist(person('1', 'Vi'), 'identifier=urn:example:medplum|1');
assert.equal(same.id, made.id);
assert.deepEqual(await medplum.readResource('Patient', made.id), made);

const second = await medplum.updateResource({ ...made, gender: 'male' }, { headers: { 'If-Match': 'W/"1"' } });
assert.equal(second.meta.versionId, '2');
const late = medplum.updateResource({ ...made, gender: 'female' }, { headers: { 'If-Match': 'W/"1"' } });
assert.equal(await refused(late), 'conflict');
const third = await medplum.patchResource('Patient', made.id, [
  { op: 'add', path: '/telecom', value: [{ system: 'phone', value: '0912 000 111' }] },
]);
assert.equal(third.meta.versionId, '3');
assert.deepEqual(await medplum.readVersion('Patient', made.id, '1'), made);
const history = await medplum.readHistory('Patient', made.id);
assert.equal(history.type, 'history');
assert.deepEqual(
  history.entry.map((entry) => entry.resource.meta.versionId),
  ['3', '2', '1'],
);
const upserted = await medplum.upsertResource(person('9', 'Nông'), 'identifier=urn:example:medplum|9');
const changed = await medplum.upsertResource(person('9', 'Nùng'), 'identifier=urn:example:medplum|9');
assert.equal(changed.id, upserted.id);
assert.equal(changed.meta.versionId, '2');

const patient = 'urn:uuid:0e6d3f66-6c5f-4d6c-8a44-1c6f5d1c7b11';
const visit = (day) => ({
  request: { method: 'POST', url: 'Encounter' },
  resource: {
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: patient },
    period: { start: `2025-02-${day}T08:00:00+07:00`, end: `2025-02-${day}T09:00:00+07:00` },
  },
});
const written = await medplum.executeBatch({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    { fullUrl: patient, request: { method: 'POST', url: 'Patient' }, resource: person('2', 'Hoàng') },
    ...['11', '12', '13', '14', '15'].map(visit),
  ],
});
assert.equal(written.entry.length, 6);
const other = written.entry[0].response.location.match(/Patient\/([^/]+)/)[1];

const found = await medplum.searchOne('Patient', { identifier: 'urn:example:medplum|2' });
assert.equal(found.id, other);
const days = [];
const pages = medplum.searchResourcePages('Encounter', { subject: `Patient/${other}`, _sort: 'date', _count: '2' });
for await (const page of pages) days.push(...page.map((visited) => visited.period.start.slice(8, 10)));
assert.deepEqual(days, ['11', '12', '13', '14', '15']);
const whole = await medplum.search('Encounter', {
  'patient.identifier': 'urn:example:medplum|2',
  date: 'ge2025-02-13',
  _include: 'Encounter:patient',
});
assert.deepEqual(
  whole.entry.map((entry) => entry.search.mode),
  ['match', 'match', 'match', 'include'],
);
const patients = await medplum.searchResources('Patient', { '_has:Encounter:patient:date': '2025-02-15' });
assert.deepEqual(
  patients.map((one) => one.id),
  [other],
);
const outcome = await medplum.validateResource({ ...person('3', 'Giáp'), birthDate: 'hôm qua' });
assert.ok(outcome.issue.some((issue) => issue.severity === 'error' && issue.expression[0].endsWith('birthDate')));

await medplum.deleteResource('Patient', made.id);
assert.equal(await refused(medplum.readResource('Patient', made.id)), 'deleted');
assert.equal(await refused(medplum.readResource('Patient', 'nobody')), 'not-found');
assert.notEqual(await refused(medplum.createResource({ resourceType: 'Observation', status: 'final' })), 'nothing');
console.log('done');
